import { Button, Group as Line, Paper, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { type GrantRole, type Group, MachineTag, type TeamGrant } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { User } from '../api/account-calls.ts';
import { AskingButton } from '../layout/asking-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import classes from '../machines/cards.module.css';
import { roleBadges } from '../machines/grant-roles.ts';
import { RoleSelect } from '../machines/role-select.tsx';
import { UserField } from '../users/user-field.tsx';
import { useGrantOnTag, useRevokeTagGrant, useTagGrants } from './group-queries.ts';

/** The access of groups and users to the machines of an owner that have a tag. */
export const TagAccess = ({ groups }: { groups: readonly Group[] }) => {
  const grants = useTagGrants();
  return (
    <Paper className={classes.card} component="section" aria-label="Access by tag">
      <h2 className={classes.heading}>Access by tag</h2>
      <Stack>
        <Text size="sm" c="dimmed">
          It counts on the machines of one owner that have the tag, also on those that get it later. A tag that only the
          agent of a machine has set does not count until somebody saves the tags of the machine.
        </Text>
        {grants.isError && (
          <Failure
            title="The access by tags could not be loaded"
            error={grants.error}
            onRetry={() => void grants.refetch()}
          />
        )}
        {grants.isPending && <Skeleton height={44} radius="md" role="status" aria-label="Loading the access by tags" />}
        {grants.data?.total === 0 && <Text size="sm">No tag gives access yet.</Text>}
        {grants.data?.grants.map((grant) => (
          <Row key={grant.grant_id} grant={grant} />
        ))}
        <NewTagGrant groups={groups} />
      </Stack>
    </Paper>
  );
};

const Row = ({ grant }: { grant: TeamGrant }) => {
  const revoke = useRevokeTagGrant();
  const holder = grant.name === '' ? 'Unknown user' : grant.name;
  const what = `${holder} on ${grant.tag} of ${grant.owner}`;
  return (
    <div>
      <Line justify="space-between">
        <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          <Text fw={600}>
            {grant.tag}: {holder}
          </Text>
          <Text size="xs" c="dimmed">
            {roleBadges[grant.role].text} on the machines of {grant.owner}, since {localTime(grant.granted_at)}, by{' '}
            {grant.granted_by}
          </Text>
        </div>
        <AskingButton
          text="End access"
          label={`End the access of ${what}`}
          confirm="End it, and their terminals"
          pending={revoke.isPending}
          onConfirm={() => revoke.mutate(grant.grant_id)}
        />
      </Line>
      {revoke.isError && <Failure title="It could not be ended" error={revoke.error} />}
    </div>
  );
};

const NewTagGrant = ({ groups }: { groups: readonly Group[] }) => {
  const give = useGrantOnTag();
  const [tag, setTag] = useState('');
  const [owner, setOwner] = useState<User | null>(null);
  const [groupId, setGroupId] = useState<string | null>(null);
  const [role, setRole] = useState<GrantRole>('control');
  const complete = MachineTag.safeParse(tag).success && owner !== null && groupId !== null;
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (owner === null || groupId === null) return;
    const grant = { tag, owner: owner.username, group_id: groupId, role, linux_users: null };
    give.mutate(grant, { onSuccess: () => setTag('') });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Line align="flex-end" gap="sm">
          <TextInput
            label="Tag"
            size="sm"
            value={tag}
            autoComplete="off"
            onChange={(event) => setTag(event.currentTarget.value)}
          />
          <UserField label="Owner of the machines" without={[]} user={owner} onUser={setOwner} />
          <Select
            label="Group"
            data={groups.map(({ group_id, name }) => ({ value: group_id, label: name }))}
            value={groupId}
            onChange={setGroupId}
            searchable
            nothingFoundMessage="No such group"
          />
          <RoleSelect role={role} onRole={setRole} />
          <Button type="submit" loading={give.isPending} disabled={!complete}>
            Give access
          </Button>
        </Line>
        {give.data !== undefined && (
          <Text size="sm" role="status">
            It reaches {give.data.machines === 1 ? '1 machine' : `${give.data.machines} machines`} now.
          </Text>
        )}
        {give.isError && <Failure title="Access could not be given" error={give.error} />}
      </Stack>
    </form>
  );
};
