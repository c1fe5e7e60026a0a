import { Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import type { User } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { useRevokeUserTokens, useUserTokens } from './user-queries.ts';

/** The access tokens of a user. An administrator revokes all of them. */
export const UserTokensDialog = ({ user, onClose }: { user: User; onClose: () => void }) => {
  const list = useUserTokens(user.id);
  const revoke = useRevokeUserTokens();
  const tokens = list.data?.tokens ?? [];
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Access tokens of {user.username}</Text>}>
      <Stack>
        {list.isPending && <Skeleton height={60} radius="md" role="status" aria-label="Loading the access tokens" />}
        {list.isError && (
          <Failure title="The tokens could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
        )}
        {list.data !== undefined && (
          <Text size="sm">
            {tokens.length === 0
              ? `${user.username} has no access tokens.`
              : `${tokens.length === 1 ? '1 token' : `${tokens.length} tokens`} for programs. When they are revoked, the programs are refused at once, and the terminals that they have open end.`}
          </Text>
        )}
        {tokens.map(({ id, name, scopes, expires_at, last_used_at, last_used_ip }) => (
          <div key={id}>
            <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
              {name}
            </Text>
            <Text size="xs" c="dimmed">
              {scopes.join(', ')} · until {localTime(expires_at)} ·{' '}
              {last_used_at === null
                ? 'never used'
                : `used ${localTime(last_used_at)} from ${last_used_ip ?? 'unknown'}`}
            </Text>
          </div>
        ))}
        {revoke.isError && <Failure title="The tokens were not revoked" error={revoke.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Close
          </Button>
          {tokens.length > 0 && (
            <Button
              color="red"
              loading={revoke.isPending}
              onClick={() => revoke.mutate(user.id, { onSuccess: onClose })}
            >
              Revoke all
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
};
