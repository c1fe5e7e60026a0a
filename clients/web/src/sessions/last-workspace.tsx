import { Alert, Button, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { KeptWorkspace } from '@webxterm/contracts/rest';
import { useServer } from '../api/server-context.ts';
import { ago } from '../layout/format.ts';
import { useNow } from '../machines/now.ts';
import { deviceName } from '../profile/device-name.ts';
import { openStorage } from '../storage/kept-values.ts';
import { TabStore } from '../terminal/tab-store.ts';
import { newTabKey } from '../terminal/use-tabs.ts';
import { liveTabsOf, withWorkspace } from '../terminal/workspace-copy.ts';
import { useMySessions } from './session-queries.ts';

/** Offers the tabs that the user had last, in any browser, if at least two of their shells still run. */
export const LastWorkspace = () => {
  const server = useServer();
  const now = useNow();
  const navigate = useNavigate();
  const { data: kept } = useQuery({
    queryKey: ['workspace'],
    queryFn: ({ signal }) => server.workspace(signal),
    staleTime: 0,
  });
  const live = new Set((useMySessions().data ?? []).map(({ session_id }) => session_id));
  const count = kept === undefined || kept === null ? 0 : liveTabsOf(kept, live).length;
  if (kept === undefined || kept === null || count < 2) return null;
  const open = (workspace: KeptWorkspace): void => {
    const store = new TabStore(openStorage('sessionStorage'));
    const tabs = withWorkspace(store.open(), workspace, live, newTabKey);
    store.save(tabs);
    store.release();
    const agentId = tabs.tabs.find(({ key }) => key === tabs.active)?.agentId;
    if (agentId !== undefined) void navigate({ to: '/terminal/$agentId', params: { agentId }, search: {} });
  };
  return (
    <Alert variant="light" mb="lg" role="region" aria-label="Last tabs">
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          <b>{count} terminals in tabs</b>, as you arranged them {ago(Date.parse(kept.stored_at), now)} in{' '}
          {deviceName(kept.user_agent)}. The browser in which you arrange tabs last replaces them.
        </Text>
        <Button size="xs" onClick={() => open(kept)}>
          Open them as they were
        </Button>
      </Group>
    </Alert>
  );
};
