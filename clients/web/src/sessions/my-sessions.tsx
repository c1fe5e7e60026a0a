import { Button, Checkbox, Group, Text } from '@mantine/core';
import type { TerminalSession } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { useEndSessions, useMySessions } from './session-queries.ts';
import { SessionRows } from './session-rows.tsx';

/** From this many sessions on, the list suggests to end some. */
const manySessions = 10;

/** The user's live sessions, to be opened, and to be ended one by one or several at once. `empty` is shown if there are none. */
export const MySessions = ({ empty }: { empty: React.ReactNode }) => {
  const sessions = useMySessions();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [ending, setEnding] = useState(false);
  const all = sessions.data ?? [];
  const chosen = all.filter(({ session_id }) => selected.has(session_id));
  return (
    <>
      {all.length > 1 && (
        <Group justify="space-between" mb="xs" gap="sm">
          <Checkbox
            label={chosen.length === 0 ? 'Select all' : `${chosen.length} of ${all.length} selected`}
            checked={chosen.length === all.length}
            indeterminate={chosen.length > 0 && chosen.length < all.length}
            onChange={() =>
              setSelected(chosen.length === all.length ? new Set() : new Set(all.map(({ session_id }) => session_id)))
            }
          />
          {all.length >= manySessions && chosen.length === 0 && (
            <Text size="sm" c="dimmed">
              {all.length} shells are running. Each takes up memory on its machine. End those that you no longer need.
            </Text>
          )}
          {chosen.length > 0 && (
            <Button size="xs" color="red" onClick={() => setEnding(true)}>
              End {chosen.length === 1 ? '1 session' : `${chosen.length} sessions`}
            </Button>
          )}
        </Group>
      )}
      <SessionRows
        sessions={sessions}
        empty={empty}
        {...(all.length > 1 && {
          selection: {
            has: (id: string) => selected.has(id),
            toggle: (id: string) => setSelected((before) => toggled(before, id)),
          },
        })}
      />
      {ending && (
        <EndSelected
          sessions={chosen}
          onClose={() => {
            setEnding(false);
            setSelected(new Set());
          }}
          onCancel={() => setEnding(false)}
        />
      )}
    </>
  );
};

const toggled = (ids: ReadonlySet<string>, id: string): ReadonlySet<string> => {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
};

const EndSelected = (props: { sessions: readonly TerminalSession[]; onClose: () => void; onCancel: () => void }) => {
  const end = useEndSessions();
  const [ids] = useState(() => props.sessions.map(({ session_id }) => session_id));
  const [programs] = useState(() => [...new Set(props.sessions.flatMap(({ command = [] }) => command))]);
  return (
    <ConfirmDialog
      opened
      title={ids.length === 1 ? 'End this session?' : `End ${ids.length} sessions?`}
      keep="Leave them running"
      confirm="End sessions"
      pending={end.isPending}
      failed="Some sessions could not be ended"
      error={end.error}
      onClose={props.onCancel}
      onConfirm={() => end.mutate(ids, { onSuccess: props.onClose })}
    >
      <Text>
        Their shells and everything that runs in them{programs.length > 0 && ` (${programs.join(', ')})`} get SIGHUP,
        and are killed after 5 seconds.
      </Text>
    </ConfirmDialog>
  );
};
