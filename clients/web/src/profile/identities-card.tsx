import { Button, Group, Modal, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconLink } from '@tabler/icons-react';
import type { Identity, SignInProvider } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { ago, localTime } from '../layout/format.ts';
import longLabel from '../layout/long-label.module.css';
import { useNow } from '../machines/now.ts';
import { accountErrors } from '../sign-in/account-errors.ts';
import { CurrentPasswordField } from './current-password-field.tsx';
import { useBeginLink, useIdentities, useUnlink } from './identity-queries.ts';
import classes from './profile-page.module.css';

/** The sign-ins at providers: link and unlink. Nothing is shown if the installation has no providers and the account no link. */
export const IdentitiesCard = () => {
  const identities = useIdentities();
  const [linking, setLinking] = useState<SignInProvider>();
  if (identities.data?.providers.length === 0 && identities.data.identities.length === 0) return null;
  return (
    <Paper className={classes.card} component="section" aria-label="Sign-in providers">
      <h2 className={classes.heading}>Sign-in providers</h2>
      <Text c="dimmed" size="sm" mb="sm">
        With a linked sign-in you need no password here. Your second factor is still asked for.
      </Text>
      {identities.isPending && (
        <Skeleton height={60} radius="md" role="status" aria-label="Loading your sign-in providers" />
      )}
      {identities.isError && (
        <Failure
          title="Your sign-in providers could not be loaded"
          error={identities.error}
          onRetry={() => void identities.refetch()}
        />
      )}
      {identities.data?.identities.length === 0 && <Text size="sm">No sign-in is linked.</Text>}
      <ul className={classes.rows}>
        {identities.data?.identities.map((identity) => (
          <Row key={identity.id} identity={identity} />
        ))}
      </ul>
      <Group mt="sm" gap="xs">
        {identities.data?.providers.map((provider) => (
          <Button key={provider.id} variant="default" classNames={longLabel} onClick={() => setLinking(provider)}>
            Link {provider.label}
          </Button>
        ))}
      </Group>
      {linking !== undefined && <LinkDialog provider={linking} onClose={() => setLinking(undefined)} />}
    </Paper>
  );
};

const Row = ({ identity }: { identity: Identity }) => {
  const now = useNow();
  const unlink = useUnlink();
  const [asking, setAsking] = useState(false);
  const { provider, name, linked_at, last_used_at: used } = identity;
  return (
    <li className={classes.row}>
      <IconLink size={20} stroke={1.6} aria-hidden />
      <div className={classes.rowText}>
        <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {provider}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {name === '' ? '' : `${name} · `}linked {localTime(linked_at)} ·{' '}
          {used === null ? 'never used' : `used ${ago(Date.parse(used), now)}`}
        </Text>
      </div>
      <Button size="xs" variant="default" aria-label={`Unlink ${provider}`} onClick={() => setAsking(true)}>
        Unlink
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Unlink ${provider}?`}
          keep="Keep it"
          confirm="Unlink it"
          failed="It was not unlinked"
          pending={unlink.isPending}
          error={unlink.error}
          onClose={() => setAsking(false)}
          onConfirm={() => unlink.mutate(identity.id, { onSuccess: () => setAsking(false) })}
        >
          <Text size="sm">You can no longer sign in with it. You are signed out everywhere else.</Text>
        </ConfirmDialog>
      )}
    </li>
  );
};

const LinkDialog = ({ provider, onClose }: { provider: SignInProvider; onClose: () => void }) => {
  const begin = useBeginLink();
  const [password, setPassword] = useState('');
  const errors = begin.isError ? accountErrors(begin.error, ['current_password']) : undefined;
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Link {provider.label}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          begin.mutate({ provider: provider.id, password });
        }}
      >
        <Stack>
          <Text size="sm">You sign in at {provider.label} next. From then on that sign-in opens this account.</Text>
          <CurrentPasswordField value={password} onChange={setPassword} error={errors?.byField.current_password} />
          {errors?.general !== undefined && <Failure title="Nothing was linked" error={begin.error} />}
          <FormButtons submit="Continue" pending={begin.isPending || begin.isSuccess} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};
