import { useDebouncedCallback } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useServer } from '../../api/server-context.ts';
import { useProfile } from '../../profile/profile-query.ts';
import { openStorage } from '../../storage/kept-values.ts';
import { readBrowserPreferences, withStored, writeBrowserPreferences } from './browser-preferences.ts';
import type { Preferences } from './preferences.ts';

const queryKey = ['preferences'] as const;
/** Several steps of one setting are stored once. */
const saveAfterMs = 500;

export interface TerminalPreferences {
  readonly preferences: Preferences;
  readonly change: (preferences: Preferences) => void;
  /** Whether the settings are those of this browser only. */
  readonly onlyHere: boolean;
  readonly setOnlyHere: (onlyHere: boolean) => void;
  /** The last change could not be stored on the server. */
  readonly failed: boolean;
}

/** The terminal settings of the user, which the server keeps for every browser, or those of this browser only. */
export const usePreferences = (): TerminalPreferences => {
  const server = useServer();
  const queries = useQueryClient();
  const userId = useProfile().data?.user.id;
  const [now, setNow] = useState(() => readBrowserPreferences(openStorage('localStorage')));
  const stored = useQuery({
    queryKey,
    queryFn: ({ signal }) => server.preferences(signal),
    enabled: !now.onlyHere,
    staleTime: 30_000,
  });
  const { mutate, isError } = useMutation({
    mutationFn: (preferences: Preferences) => server.putPreferences(preferences),
    // One after the other, so that the last change is stored last.
    scope: { id: 'preferences' },
    onSuccess: (_, saved) =>
      setNow((current) => (current.preferences === saved ? { ...current, unsavedBy: undefined } : current)),
  });
  const save = useDebouncedCallback(mutate, { delay: saveAfterMs, flushOnUnmount: true });

  useEffect(() => writeBrowserPreferences(openStorage('localStorage'), now), [now]);

  const terminal = stored.data?.terminal;
  useEffect(() => {
    if (terminal !== undefined && userId !== undefined) setNow((current) => withStored(current, terminal, userId));
  }, [terminal, userId]);

  // A change that an earlier page could not store.
  useEffect(() => {
    const { unsavedBy, onlyHere, preferences } = readBrowserPreferences(openStorage('localStorage'));
    if (userId !== undefined && unsavedBy === userId && !onlyHere) {
      setNow((current) => ({ ...current, preferences }));
      mutate(preferences);
    }
  }, [userId, mutate]);

  return {
    preferences: now.preferences,
    change(preferences) {
      setNow({ ...now, preferences, ...(now.onlyHere ? {} : { unsavedBy: userId }) });
      if (now.onlyHere) return;
      // An answer on its way has the settings from before the change.
      void queries.cancelQueries({ queryKey });
      queries.setQueryData(queryKey, { terminal: preferences });
      save(preferences);
    },
    onlyHere: now.onlyHere,
    setOnlyHere(onlyHere) {
      save.flush();
      setNow({ ...now, onlyHere });
      if (!onlyHere) void queries.invalidateQueries({ queryKey });
    },
    failed: isError && !now.onlyHere,
  };
};
