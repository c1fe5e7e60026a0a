import { Button, Group, Paper, Skeleton, Text } from '@mantine/core';
import { IconDeviceMobile, IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import type { SecondFactors } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { whyNoPasskeys } from '../sign-in/passkey.ts';
import { hasFactor, useRemoveTotp, useSecondFactors } from './own-account-queries.ts';
import { PasskeyDialog } from './passkey-dialog.tsx';
import { PasskeyRow } from './passkey-rows.tsx';
import classes from './profile-page.module.css';
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx';
import { RemoveFactorDialog } from './remove-factor-dialog.tsx';
import { TotpDialog } from './totp-dialog.tsx';

/** The user's second factors: set up, remove, new recovery codes. */
export const SecondFactorCard = () => {
  const factors = useSecondFactors();
  return (
    <Paper className={classes.card} component="section" aria-label="Second factor">
      <h2 className={classes.heading}>Second factor</h2>
      <Text c="dimmed" size="sm" mb="sm">
        With it, your password alone signs nobody in. It is asked for at each sign-in, and again before you change how
        you sign in, replace the API key or delete something. A passkey can also sign you in without the password.
      </Text>
      {factors.isPending && <Skeleton height={60} radius="md" role="status" aria-label="Loading your second factors" />}
      {factors.isError && (
        <Failure
          title="Your second factors could not be loaded"
          error={factors.error}
          onRetry={() => void factors.refetch()}
        />
      )}
      {factors.data !== undefined && <Factors factors={factors.data} />}
    </Paper>
  );
};

const Factors = ({ factors }: { factors: SecondFactors }) => {
  const [dialog, setDialog] = useState<'app' | 'passkey' | 'remove' | 'codes'>();
  const close = (): void => setDialog(undefined);
  const { totp, passkeys, passkey_host, recovery_codes_left: left } = factors;
  const supported = typeof window.PublicKeyCredential === 'function';
  const whyNot = whyNoPasskeys(passkey_host, window.location.hostname, supported);
  return (
    <>
      <ul className={classes.rows}>
        {passkeys.map((passkey) => (
          <PasskeyRow key={passkey.id} passkey={passkey} last={passkeys.length === 1 && totp === null} />
        ))}
        {totp !== null && (
          <li className={classes.row}>
            <IconDeviceMobile size={20} stroke={1.6} aria-hidden />
            <div className={classes.rowText}>
              <Text fw={600} size="sm">
                Authenticator app
              </Text>
              <Text size="xs" c="dimmed">
                Set up {localTime(totp.added_at)}
              </Text>
            </div>
            <Button size="xs" variant="subtle" color="red" onClick={() => setDialog('remove')}>
              Remove
            </Button>
          </li>
        )}
        {hasFactor(factors) && (
          <li className={classes.row}>
            <IconKey size={20} stroke={1.6} aria-hidden />
            <div className={classes.rowText}>
              <Text fw={600} size="sm">
                Recovery codes
              </Text>
              <Text size="xs" c={left < 3 ? 'red' : 'dimmed'}>
                {left === 1 ? '1 is left' : `${left} are left`}
              </Text>
            </div>
            <Button size="xs" variant="default" onClick={() => setDialog('codes')}>
              New codes
            </Button>
          </li>
        )}
      </ul>
      <Group mt="sm" gap="xs">
        {whyNot === undefined && (
          <Button variant="default" onClick={() => setDialog('passkey')}>
            Add a passkey
          </Button>
        )}
        {totp === null && (
          <Button variant="default" onClick={() => setDialog('app')}>
            Set up an authenticator app
          </Button>
        )}
      </Group>
      {whyNot !== undefined && (
        <Text size="xs" c="dimmed" mt="xs">
          {whyNot}
        </Text>
      )}
      {dialog === 'app' && <TotpDialog onClose={close} />}
      {dialog === 'passkey' && <PasskeyDialog onClose={close} />}
      {dialog === 'remove' && <RemoveDialog last={passkeys.length === 0} onClose={close} />}
      {dialog === 'codes' && <RecoveryCodesDialog onClose={close} />}
    </>
  );
};

const RemoveDialog = ({ last, onClose }: { last: boolean; onClose: () => void }) => {
  const remove = useRemoveTotp();
  return (
    <RemoveFactorDialog
      title="Remove the authenticator app?"
      stays={last ? undefined : 'Your passkeys and recovery codes stay.'}
      remove={remove}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
};
