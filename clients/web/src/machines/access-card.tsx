import { Alert, Badge, Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import type { Machine, MachineUser } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { useTeamGrants } from '../groups/group-queries.ts';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { UserPicture } from '../layout/user-picture.tsx';
import { AccessReasons } from './access-reasons.tsx';
import classes from './cards.module.css';
import { GrantForm } from './grant-form.tsx';
import { roleBadges } from './grant-roles.ts';
import { GroupAccess } from './group-access.tsx';
import { isChoice } from './linux-user-menu.tsx';
import { useMachineUsers, useRevoke } from './manage-queries.ts';

/** The users and groups with access to a machine. */
export const AccessCard = ({ machine }: { machine: Machine }) => {
  const users = useMachineUsers(machine.agent_id);
  const groups = useTeamGrants(machine.agent_id);
  const severalUsers = isChoice(machine.metadata.linux_users ?? []);
  return (
    <Paper className={classes.card} component="section" aria-label="Access">
      <h2 className={classes.heading}>Access</h2>
      <Stack>
        {severalUsers ? <SeveralUsers /> : <SameUser name={machine.metadata.linux_user} />}
        {users.isError && (
          <Failure
            title="Who has access could not be loaded"
            error={users.error}
            onRetry={() => void users.refetch()}
          />
        )}
        {users.isPending && <Skeleton height={44} radius="md" role="status" aria-label="Loading who has access" />}
        {users.data?.total === 0 && groups.data?.total === 0 && (
          <Text size="sm" c="dimmed">
            Only its owner and administrators have this machine.
          </Text>
        )}
        {users.data?.users.map((user) => (
          <Row key={user.user_id} agentId={machine.agent_id} user={user} />
        ))}
        <GrantForm agentId={machine.agent_id} linuxUsers={machine.metadata.linux_users ?? []} />
        <GroupAccess machine={machine} />
        <AccessReasons agentId={machine.agent_id} />
      </Stack>
    </Paper>
  );
};

const SameUser = ({ name }: { name: string }) => (
  <Alert variant="light" color="yellow" radius="md" icon={<IconUsers size={20} stroke={1.8} aria-hidden />}>
    All users of a machine work as the same Linux user{name !== '' && <b> {name}</b>}. Each user who may open terminals
    here can read and change the work of the others.
  </Alert>
);

const SeveralUsers = () => (
  <Alert variant="light" color="yellow" radius="md" icon={<IconUsers size={20} stroke={1.8} aria-hidden />}>
    Users who open terminals as the same Linux user can read and change the work of each other. A grant can be limited
    to some of the Linux users.
  </Alert>
);

const Row = ({ agentId, user }: { agentId: string; user: MachineUser }) => {
  const revoke = useRevoke(agentId);
  const [asking, setAsking] = useState(false);
  const name = user.username === '' ? 'Unknown user' : user.username;
  return (
    <div>
      <Group justify="space-between" wrap={asking ? 'wrap' : 'nowrap'}>
        <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
          <UserPicture name={name} url={user.avatar_url} />
          <div style={{ minWidth: 0 }}>
            <Group gap="xs">
              <Text fw={600} truncate>
                {name}
              </Text>
              <Badge color={roleBadges[user.role].color}>{roleBadges[user.role].text}</Badge>
            </Group>
            <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {user.linux_users != null && <b>as {user.linux_users.join(', ')}, </b>}
              {user.email !== '' && `${user.email}, `}since {localTime(user.granted_at)}
              {user.granted_by !== '' && `, by ${user.granted_by}`}
            </Text>
          </div>
        </Group>
        {asking ? (
          <Group gap="xs" wrap="nowrap">
            <Button size="xs" variant="default" onClick={() => setAsking(false)}>
              Keep
            </Button>
            <Button size="xs" color="red" loading={revoke.isPending} onClick={() => revoke.mutate(name)}>
              End it, and their terminals
            </Button>
          </Group>
        ) : (
          <Button
            flex="none"
            size="xs"
            variant="default"
            onClick={() => setAsking(true)}
            aria-label={`End the access of ${name}`}
            disabled={user.username === ''}
          >
            End access
          </Button>
        )}
      </Group>
      {revoke.isError && <Failure title="It could not be ended" error={revoke.error} />}
    </div>
  );
};
