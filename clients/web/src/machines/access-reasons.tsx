import { Button, Group as Line, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import type { ExplainedAccess } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { useExplanation } from '../groups/group-queries.ts';
import { Failure } from '../layout/failure.tsx';
import { reasonPhrase } from './reason-phrase.ts';

/** Says which users have access to a machine, and why. */
export const AccessReasons = ({ agentId }: { agentId: string }) => {
  const [opened, setOpened] = useState(false);
  return (
    <Stack gap="sm">
      <Button
        variant="default"
        size="sm"
        w="fit-content"
        aria-expanded={opened}
        onClick={() => setOpened((was) => !was)}
      >
        {opened ? 'Hide why users have access' : 'Show why users have access'}
      </Button>
      {opened && <Reasons agentId={agentId} />}
    </Stack>
  );
};

const Reasons = ({ agentId }: { agentId: string }) => {
  const [typed, setTyped] = useState('');
  const [username, setUsername] = useState<string>();
  const why = useExplanation(agentId, username);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    setUsername(typed.trim() === '' ? undefined : typed.trim());
  };
  return (
    <Stack gap="sm" component="section" aria-label="Why users have access">
      <form onSubmit={submit}>
        <Line align="flex-end" gap="sm">
          <TextInput
            label="Username"
            description="Empty: all users with access"
            size="sm"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.currentTarget.value)}
            style={{ flex: '1 1 10rem' }}
          />
          <Button type="submit" size="sm" variant="default" loading={why.isFetching}>
            Show
          </Button>
        </Line>
      </form>
      {why.isError && <Failure title="The reasons could not be loaded" error={why.error} />}
      {why.isPending && <Skeleton height={44} radius="md" role="status" aria-label="Loading the reasons" />}
      {why.data?.users.map((user) => (
        <Reason key={user.user_id} user={user} />
      ))}
      {why.data?.more === true && <Text size="sm">There are more users. Enter a username to see one of them.</Text>}
    </Stack>
  );
};

const Reason = ({ user }: { user: ExplainedAccess }) => (
  <div style={{ overflowWrap: 'anywhere' }}>
    <Text fw={600}>
      {user.username === '' ? 'Unknown user' : user.username}
      {user.disabled && ' (disabled)'}
    </Text>
    {user.role === null && <Text size="sm">No access, unless the user is an administrator.</Text>}
    <ul style={{ margin: 0, paddingInlineStart: '1.2rem' }}>
      {user.reasons.map((reason, at) => (
        <Text key={reason.grant_id ?? `${reason.kind} ${at}`} size="sm" component="li">
          {reasonPhrase(reason)}
        </Text>
      ))}
    </ul>
  </div>
);
