import { Button, Group, Stack, TagsInput, TextInput } from '@mantine/core';
import { anyLinuxUser, maxLinuxUsers } from '@webxterm/contracts/linux-users';
import { type Grantee, type GrantRole, LinuxUserName } from '@webxterm/contracts/rest';
import { rightsOf } from '@webxterm/contracts/rights';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { PersonQuestion } from '../layout/person-question.tsx';
import { isChoice } from './linux-user-menu.tsx';
import { useGrant, useGrantee } from './manage-queries.ts';
import { RoleSelect } from './role-select.tsx';

/** Grants access by username. Names can look alike, so the form shows the user with their e-mail address for confirmation. */
export const GrantForm = ({ agentId, linuxUsers }: { agentId: string; linuxUsers: readonly string[] }) => {
  const grantee = useGrantee(agentId);
  const grant = useGrant(agentId);
  const [username, setUsername] = useState('');
  const [role, setRole] = useState<GrantRole>('control');
  const [limit, setLimit] = useState<string[]>([]);
  const limited = isChoice(linuxUsers) && rightsOf(role, false).includes('open');
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    grant.reset();
    if (username.trim() !== '') grantee.mutate(username.trim());
  };
  const give = ({ username: name, user_id }: Grantee): void =>
    grant.mutate(
      { username: name, role, linux_users: limited && limit.length > 0 ? limit : null, user_id },
      {
        onSuccess: () => {
          setUsername('');
          setLimit([]);
        },
        onSettled: () => grantee.reset(),
      },
    );
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Username"
            size="sm"
            value={username}
            autoComplete="off"
            onChange={(event) => {
              setUsername(event.currentTarget.value);
              grantee.reset();
            }}
            style={{ flex: '1 1 10rem' }}
          />
          <RoleSelect role={role} onRole={setRole} />
          <Button type="submit" size="sm" loading={grantee.isPending} disabled={username.trim() === ''}>
            Give access
          </Button>
        </Group>
        {limited && <LinuxUsersField linuxUsers={linuxUsers} value={limit} onChange={setLimit} />}
        {grantee.data !== undefined && (
          <PersonQuestion
            label="Give access to this user?"
            person={grantee.data}
            busy={grant.isPending}
            onYes={give}
            onCancel={() => grantee.reset()}
          />
        )}
        {(grantee.isError || grant.isError) && (
          <Failure title="Access could not be given" error={grantee.error ?? grant.error} />
        )}
      </Stack>
    </form>
  );
};

interface LinuxUsersFieldProps {
  readonly linuxUsers: readonly string[];
  readonly value: string[];
  readonly onChange: (users: string[]) => void;
}

/** The Linux users that a grant is limited to. Accounts that the machine does not list can be typed if it allows any. */
const LinuxUsersField = ({ linuxUsers, value, onChange }: LinuxUsersFieldProps) => {
  const named = linuxUsers.filter((user) => user !== anyLinuxUser);
  const any = linuxUsers.length > named.length;
  return (
    <TagsInput
      label="Only as"
      description={`Linux users of the machine. Empty: all${any ? '. Enter adds one that is not in the list' : ''}`}
      size="sm"
      data={named}
      value={value}
      maxTags={maxLinuxUsers}
      onChange={(users) =>
        onChange(users.filter((user) => named.includes(user) || (any && LinuxUserName.safeParse(user).success)))
      }
    />
  );
};
