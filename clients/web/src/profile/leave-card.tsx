import { Button, Checkbox, Group, Modal, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Belongings } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { machinesPhrase, terminalsPhrase } from '../users/belongings-phrases.ts';
import { CurrentPasswordField } from './current-password-field.tsx';
import { useHasPassword } from './identity-queries.ts';
import { useLeave, useMyBelongings } from './own-account-queries.ts';
import classes from './profile-page.module.css';

/** Deletes the user's own account. */
export const LeaveCard = () => {
  const [leaving, setLeaving] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="Delete account">
      <Group justify="space-between">
        <div>
          <h2 className={classes.heading}>Delete account</h2>
          <Text c="dimmed" size="sm">
            Deletes your account. A dialog first lists what is deleted with it.
          </Text>
        </div>
        <Button variant="light" color="red" onClick={() => setLeaving(true)}>
          Delete my account
        </Button>
      </Group>
      {leaving && <LeaveDialog onClose={() => setLeaving(false)} />}
    </Paper>
  );
};

const LeaveDialog = ({ onClose }: { onClose: () => void }) => {
  const belongings = useMyBelongings();
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Delete your account?</Text>}>
      {belongings.isPending && (
        <Skeleton height={120} radius="md" role="status" aria-label="Checking what is deleted with your account" />
      )}
      {belongings.isError && (
        <Failure
          title="The list of what is deleted with your account could not be loaded"
          error={belongings.error}
          onRetry={() => void belongings.refetch()}
        />
      )}
      {belongings.data?.last_admin === true && (
        <Text size="sm">You are the last administrator. Make another user an administrator first.</Text>
      )}
      {belongings.data?.last_admin === false && <Confirm belongings={belongings.data} onClose={onClose} />}
    </Modal>
  );
};

const Confirm = ({ belongings, onClose }: { belongings: Belongings; onClose: () => void }) => {
  const leave = useLeave();
  const signIn = useSignIn();
  const hasPassword = useHasPassword();
  const [password, setPassword] = useState('');
  const [removed, setRemoved] = useState(false);
  const owns = belongings.machines > 0;
  const errors = leave.isError ? accountErrors(leave.error, ['current_password']) : undefined;
  const submit = (): void =>
    leave.mutate(
      { current_password: password, ...(owns ? { machines: 'remove' as const } : {}) },
      { onSuccess: () => signIn.forget() },
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack>
        <Text size="sm">
          Your account, its API key and your sign-ins end at once. {terminalsPhrase('You have', belongings.sessions)}{' '}
          This cannot be undone.
        </Text>
        {owns && (
          <>
            <Text size="sm">
              {machinesPhrase('You own', belongings)}. To have them handed over to somebody else instead, ask an
              administrator to delete your account.
            </Text>
            <Checkbox
              label={`Remove ${belongings.machines === 1 ? 'it' : 'them'}, with all terminals that run there`}
              checked={removed}
              onChange={(event) => setRemoved(event.currentTarget.checked)}
            />
          </>
        )}
        <CurrentPasswordField value={password} onChange={setPassword} error={errors?.byField.current_password} />
        {errors?.general !== undefined && <Failure title="Your account was not deleted" error={leave.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep my account
          </Button>
          <Button
            type="submit"
            color="red"
            disabled={(hasPassword && password === '') || (owns && !removed)}
            loading={leave.isPending}
          >
            Delete my account
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
