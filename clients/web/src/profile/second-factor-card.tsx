import { Alert, Button, Group, Paper, Skeleton, Text } from '@mantine/core';
import { IconDeviceMobile, IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import type { SecondFactors } from '../api/account-calls.ts';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import { useRemoveTotp, useSecondFactors } from './own-account-queries.ts';
import classes from './profile-page.module.css';
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx';
import { TotpDialog } from './totp-dialog.tsx';

/** The user's second factors: set up, remove, new recovery codes. */
export const SecondFactorCard = () => {
  const factors = useSecondFactors();
  return (
    <Paper className={classes.card} component="section" aria-label="Second factor">
      <h2 className={classes.heading}>Second factor</h2>
      <Text c="dimmed" size="sm" mb="sm">
        With it, your password alone signs nobody in. It is asked for at each sign-in, and again before you change how
        you sign in, replace the API key or delete something.
      </Text>
      {factors.isPending && (
        <Skeleton height={60} radius="md" role="status" aria-label="Fetching your second factors" />
      )}
      {factors.isError && (
        <Failure
          title="Your second factors could not be fetched"
          error={factors.error}
          onRetry={() => void factors.refetch()}
        />
      )}
      {factors.data !== undefined && <Factors factors={factors.data} />}
    </Paper>
  );
};

const Factors = ({ factors: { totp, recovery_codes_left: left, reset_at } }: { factors: SecondFactors }) => {
  const [dialog, setDialog] = useState<'add' | 'remove' | 'codes'>();
  const close = (): void => setDialog(undefined);
  return (
    <>
      {reset_at !== null && totp === null && (
        <Alert color="yellow" variant="light" mb="sm" title="Your second factor was removed">
          An administrator removed it on {localTime(reset_at)}. If you did not ask for that, change your password.
        </Alert>
      )}
      {totp === null ? (
        <Button variant="default" onClick={() => setDialog('add')}>
          Set up an authenticator app
        </Button>
      ) : (
        <ul className={classes.rows}>
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
            <Group>
              <Button size="xs" variant="default" onClick={() => setDialog('codes')}>
                New codes
              </Button>
            </Group>
          </li>
        </ul>
      )}
      {dialog === 'add' && <TotpDialog onClose={close} />}
      {dialog === 'remove' && <RemoveDialog onClose={close} />}
      {dialog === 'codes' && <RecoveryCodesDialog onClose={close} />}
    </>
  );
};

const RemoveDialog = ({ onClose }: { onClose: () => void }) => {
  const remove = useRemoveTotp();
  return (
    <ConfirmDialog
      title="Remove the authenticator app?"
      keep="Keep it"
      confirm="Remove it"
      pending={remove.isPending}
      failed="It was not removed"
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate(undefined, { onSuccess: onClose })}
    >
      <Text size="sm">Your password alone signs you in then. Your recovery codes are removed too.</Text>
    </ConfirmDialog>
  );
};
