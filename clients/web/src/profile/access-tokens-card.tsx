import { Badge, Button, Group, Paper, Skeleton, Text } from '@mantine/core';
import { IconRobot } from '@tabler/icons-react';
import type { AccessTokenSummary } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { ago, localTime } from '../layout/format.ts';
import { useNow } from '../machines/now.ts';
import { useAccessTokens, useRevokeAccessToken } from './access-token-queries.ts';
import { NewTokenDialog } from './new-token-dialog.tsx';
import classes from './profile-page.module.css';

/** The user's access tokens: create, last use, revoke. */
export const AccessTokensCard = ({ isAdmin }: { isAdmin: boolean }) => {
  const tokens = useAccessTokens();
  const [creating, setCreating] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="Access tokens">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <h2 className={classes.heading}>Access tokens</h2>
        <Button size="xs" variant="default" flex="none" onClick={() => setCreating(true)}>
          New token
        </Button>
      </Group>
      <Text c="dimmed" size="sm" mb="xs">
        For scripts and other programs, in place of your password. A token does what its scopes allow, and never more
        than you may.
      </Text>
      {tokens.isPending && <Skeleton height={60} radius="md" role="status" aria-label="Loading your access tokens" />}
      {tokens.isError && (
        <Failure
          title="Your access tokens could not be loaded"
          error={tokens.error}
          onRetry={() => void tokens.refetch()}
        />
      )}
      {tokens.data?.tokens.length === 0 && <Text size="sm">You have no access tokens.</Text>}
      <ul className={classes.rows}>
        {tokens.data?.tokens.map((token) => (
          <Row key={token.id} token={token} />
        ))}
      </ul>
      {creating && (
        <NewTokenDialog
          isAdmin={isAdmin}
          maxDays={tokens.data?.max_days ?? Number.POSITIVE_INFINITY}
          onClose={() => setCreating(false)}
        />
      )}
    </Paper>
  );
};

/** Where the token can be used, in words. Empty: everywhere. */
const limitsOf = ({ machines, tags, addresses }: AccessTokenSummary): string[] => [
  ...(machines.length === 0 ? [] : [machines.length === 1 ? '1 machine' : `${machines.length} machines`]),
  ...(tags.length === 0 ? [] : [`machines tagged ${tags.join(', ')}`]),
  ...(addresses.length === 0 ? [] : [`from ${addresses.join(', ')}`]),
];

const Row = ({ token }: { token: AccessTokenSummary }) => {
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const expired = Date.parse(token.expires_at) <= now;
  const { last_used_at: at, last_used_ip: ip } = token;
  return (
    <li className={classes.row}>
      <IconRobot size={20} stroke={1.6} aria-hidden />
      <div className={classes.rowText}>
        <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {token.name} {expired && <Badge color="gray">Expired</Badge>}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {[token.scopes.join(', '), ...limitsOf(token)].join(' · ')}
        </Text>
        <Text size="xs" c="dimmed">
          {expired ? 'Expired' : 'Valid until'} {localTime(token.expires_at)} ·{' '}
          {at === null ? 'never used' : `used ${ago(Date.parse(at), now)}${ip === null ? '' : ` from ${ip}`}`}
        </Text>
      </div>
      <Button size="xs" variant="default" aria-label={`Revoke ${token.name}`} onClick={() => setAsking(true)}>
        {expired ? 'Remove' : 'Revoke'}
      </Button>
      {asking && <RevokeDialog token={token} onClose={() => setAsking(false)} />}
    </li>
  );
};

const RevokeDialog = ({ token, onClose }: { token: AccessTokenSummary; onClose: () => void }) => {
  const revoke = useRevokeAccessToken();
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}?`}
      confirm="Revoke the token"
      keep="Keep the token"
      failed="The token was not revoked"
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate(token.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text size="sm">Programs that use it are refused at once, and the terminals that it has open end.</Text>
    </ConfirmDialog>
  );
};
