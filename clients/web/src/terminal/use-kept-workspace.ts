import { useDebouncedCallback } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import type { Workspace } from '@webxterm/contracts/rest';
import { useEffect } from 'react';
import { useServer } from '../api/server-context.ts';
import type { Tabs } from './tab-store.ts';
import { workspaceOf } from './workspace-copy.ts';

/** Several changes are stored at once. */
const saveAfterMs = 2000;

/** Stores the tabs for the user's other browsers when they change. If it fails, they stay in this browser tab, and the next change is stored. */
export const useKeptWorkspace = (tabs: Tabs): void => {
  const server = useServer();
  const { mutate } = useMutation({
    mutationFn: (workspace: Workspace) => server.putWorkspace(workspace),
    scope: { id: 'workspace' },
  });
  const save = useDebouncedCallback(mutate, { delay: saveAfterMs, flushOnUnmount: true });
  const text = JSON.stringify(workspaceOf(tabs));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the text is stored
  useEffect(() => {
    const workspace = workspaceOf(tabs);
    if (workspace !== undefined) save(workspace);
  }, [text]);
};
