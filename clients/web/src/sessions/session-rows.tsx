import { Button, Checkbox, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconTerminal2 } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { TerminalSession } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { ago, localTime } from '../layout/format.ts';
import { useNow } from '../machines/now.ts';
import { useProfile } from '../profile/profile-query.ts';
import { useEndSession, useMachineNames } from './session-queries.ts';
import classes from './session-rows.module.css';
import { sessionTitle } from './session-title.ts';

interface SessionRowsProps {
  readonly sessions: Pick<UseQueryResult<readonly TerminalSession[]>, 'data' | 'error' | 'isPending' | 'refetch'>;
  readonly empty: React.ReactNode;
  /** The user may watch the sessions of others. */
  readonly watches?: boolean;
  /** Undefined: rows cannot be selected. */
  readonly selection?: Selection;
}

interface Selection {
  has(sessionId: string): boolean;
  toggle(sessionId: string): void;
}

/** A list of sessions. Own ones can be opened or ended, others can be ended on a machine with the right `manage`. */
export const SessionRows = ({ sessions, empty, watches = false, selection }: SessionRowsProps) => {
  const nameOf = useMachineNames((sessions.data ?? []).map(({ agent_id }) => agent_id));
  const profile = useProfile();
  const [ending, setEnding] = useState<TerminalSession>();
  // While the user is unknown, all sessions count as own. The server still denies access to sessions of others.
  const isMine = ({ user_id }: TerminalSession): boolean => (profile.data?.user.id ?? user_id) === user_id;
  if (sessions.isPending) return <Ghost />;
  if (sessions.data === undefined)
    return (
      <Failure
        title="Your sessions could not be loaded"
        error={sessions.error}
        onRetry={() => void sessions.refetch()}
      />
    );
  if (sessions.data.length === 0) return empty;
  return (
    <>
      <ul className={classes.rows}>
        {sessions.data.map((session) => (
          <Row
            key={session.session_id}
            session={session}
            mine={isMine(session)}
            watches={watches}
            name={nameOf(session.agent_id)}
            onEnd={() => setEnding(session)}
            {...(selection !== undefined && { selection })}
          />
        ))}
      </ul>
      <EndDialog
        session={ending}
        name={ending === undefined ? '' : nameOf(ending.agent_id)}
        onClose={() => setEnding(undefined)}
      />
    </>
  );
};

interface RowProps {
  readonly session: TerminalSession;
  readonly mine: boolean;
  readonly watches: boolean;
  readonly name: string;
  readonly onEnd: () => void;
  readonly selection?: Selection;
}

const Row = ({ session, mine, watches, name, onEnd, selection }: RowProps) => {
  const now = useNow();
  const started = Date.parse(session.created_at);
  const title = sessionTitle(session) ?? 'Shell';
  const which = mine ? title : `${session.username}'s session`;
  return (
    <li className={classes.row}>
      {selection !== undefined && (
        <Checkbox
          aria-label={`Select ${title} on ${name}, started ${ago(started, now)}`}
          checked={selection.has(session.session_id)}
          onChange={() => selection.toggle(session.session_id)}
        />
      )}
      <span className={classes.icon} aria-hidden="true">
        <IconTerminal2 size={19} stroke={1.7} />
      </span>
      <div className={classes.text}>
        <Text fw={600} truncate title={mine ? title : undefined}>
          {mine ? title : session.username}
        </Text>
        <Text size="sm" c="dimmed" title={localTime(session.created_at)} className={classes.about}>
          <b>{name}</b>
          {session.linux_user !== undefined && ` as ${session.linux_user}`}
          {session.command !== undefined && session.command !== title && ` · ${session.command}`}
          {session.directory !== undefined && ` · ${session.directory}`}
          {' · '}started {ago(started, now)}
          {session.ip_address !== '' && ` from ${session.ip_address}`}
        </Text>
      </div>
      <Group gap="xs" wrap="nowrap">
        {mine && (
          <Button
            component={Link}
            to={`/terminal/${session.agent_id}?session=${session.session_id}`}
            size="xs"
            aria-label={`Open ${title} on ${name}, started ${ago(started, now)}`}
          >
            Open
          </Button>
        )}
        {!mine && watches && (
          <Button
            component={Link}
            to={`/watch/${session.agent_id}/${session.session_id}`}
            size="xs"
            variant="default"
            aria-label={`Watch ${which} on ${name}, started ${ago(started, now)}`}
          >
            Watch
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          onClick={onEnd}
          aria-label={`End ${which} on ${name}, started ${ago(started, now)}`}
        >
          End
        </Button>
      </Group>
    </li>
  );
};

const EndDialog = (props: { session: TerminalSession | undefined; name: string; onClose: () => void }) => {
  const end = useEndSession();
  const close = (): void => {
    end.reset();
    props.onClose();
  };
  const { session } = props;
  return (
    <ConfirmDialog
      opened={session !== undefined}
      title="End this session?"
      keep="Leave it running"
      confirm="End session"
      pending={end.isPending}
      failed="It could not be ended"
      error={end.error}
      onClose={close}
      onConfirm={() => session !== undefined && end.mutate(session.session_id, { onSuccess: close })}
    >
      <Text>
        {session?.command !== undefined && (
          <>
            <b>{session.command}</b> is running in it.{' '}
          </>
        )}
        The shell on <b>{props.name}</b> and its programs receive SIGHUP. Those that still run after 5 seconds are
        killed.
      </Text>
    </ConfirmDialog>
  );
};

const Ghost = () => (
  <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading your sessions">
    <Skeleton height={44} radius="md" />
    <Skeleton height={44} radius="md" />
  </Stack>
);
