import { Badge, Button, Group as Line, Select, Stack, Text } from '@mantine/core';
import type { GrantRole, Machine, TeamGrant } from '@webxterm/contracts/rest';
import { useState } from 'react';
import {
  useEndTagAccess,
  useGrantToGroup,
  useGroups,
  useRevokeFromGroup,
  useTeamGrants,
} from '../groups/group-queries.ts';
import { usersPhrase } from '../groups/users-phrase.ts';
import { AskingButton } from '../layout/asking-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { roleBadges } from './grant-roles.ts';
import { RoleSelect } from './role-select.tsx';

/** The groups with access to a machine, and the access by its tags. */
export const GroupAccess = ({ machine }: { machine: Machine }) => {
  const grants = useTeamGrants(machine.agent_id);
  const given = grants.data?.grants ?? [];
  return (
    <>
      {grants.isError && (
        <Failure
          title="The groups with access could not be loaded"
          error={grants.error}
          onRetry={() => void grants.refetch()}
        />
      )}
      {given.map((grant) => (
        <Row key={grant.grant_id} agentId={machine.agent_id} grant={grant} />
      ))}
      <GroupForm
        agentId={machine.agent_id}
        without={given.flatMap(({ tag, group_id }) => (tag === null && group_id) || [])}
      />
    </>
  );
};

const Row = ({ agentId, grant }: { agentId: string; grant: TeamGrant }) => {
  const revoke = useRevokeFromGroup(agentId);
  const byTag = useEndTagAccess(agentId);
  const { group_id, tag } = grant;
  const name = grant.name === '' ? 'Unknown user' : grant.name;
  return (
    <div>
      <Line justify="space-between">
        <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          <Line gap="xs">
            <Text fw={600}>{name}</Text>
            <Badge color={roleBadges[grant.role].color}>{roleBadges[grant.role].text}</Badge>
          </Line>
          <Text size="xs" c="dimmed">
            {group_id !== null && `Group of ${usersPhrase(grant.members)}, `}
            {tag !== null && `by the tag ${tag}, `}
            {grant.linux_users !== null && <b>as {grant.linux_users.join(', ')}, </b>}
            since {localTime(grant.granted_at)}, by {grant.granted_by}
          </Text>
        </div>
        <AskingButton
          text="End access"
          label={tag === null ? `End the access of the group ${name}` : `End the access of ${name} by the tag ${tag}`}
          confirm={tag === null ? 'End it, and their terminals' : 'End it on all machines with the tag'}
          pending={revoke.isPending || byTag.isPending}
          onConfirm={() => (tag === null && group_id !== null ? revoke.mutate(group_id) : byTag.mutate(grant.grant_id))}
        />
      </Line>
      {(revoke.isError || byTag.isError) && (
        <Failure title="It could not be ended" error={revoke.error ?? byTag.error} />
      )}
    </div>
  );
};

/** Gives a group access. It is not shown to a user who knows no further group. */
const GroupForm = ({ agentId, without }: { agentId: string; without: readonly string[] }) => {
  const groups = useGroups();
  const give = useGrantToGroup(agentId);
  const [groupId, setGroupId] = useState<string | null>(null);
  const [role, setRole] = useState<GrantRole>('control');
  const offered = (groups.data?.groups ?? []).filter(({ group_id }) => !without.includes(group_id));
  if (offered.length === 0) return null;
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (groupId === null) return;
    const grant = { groupId, terms: { role, linux_users: null } };
    give.mutate(grant, { onSuccess: () => setGroupId(null) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Line align="flex-end" gap="sm">
          <Select
            label="Group"
            size="sm"
            placeholder="Name of a group"
            searchable
            data={offered.map(({ group_id, name, members }) => ({
              value: group_id,
              label: `${name} (${usersPhrase(members)})`,
            }))}
            value={groupId}
            onChange={setGroupId}
            nothingFoundMessage="No such group"
            style={{ flex: '1 1 10rem' }}
          />
          <RoleSelect role={role} onRole={setRole} />
          <Button type="submit" size="sm" loading={give.isPending} disabled={groupId === null}>
            Give group access
          </Button>
        </Line>
        {give.isError && <Failure title="Access could not be given" error={give.error} />}
      </Stack>
    </form>
  );
};
