import { Alert, Button, Group, Paper, PasswordInput, Stack, Text } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { resetPassword } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { z } from 'zod';
import { Failure } from '../layout/failure.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { useHasPassword } from './identity-queries.ts';
import { useChangePassword } from './own-account-queries.ts';
import classes from './profile-page.module.css';

const Passwords = z
  .object({ ...resetPassword.body.shape, again: z.string() })
  .refine(({ new_password, again }) => new_password === again, { message: 'Is not the same', path: ['again'] });

const fields = ['current_password', 'new_password'];

/** Changes the password. All other sign-ins end. */
export const PasswordCard = () => {
  const change = useChangePassword();
  const hasPassword = useHasPassword();
  const [changed, setChanged] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current_password: '', new_password: '', again: '' },
    validate: schemaResolver(Passwords, { sync: true }),
  });
  const submit = ({ current_password, new_password }: z.input<typeof Passwords>): void => {
    setChanged(false);
    change.mutate(
      { current_password, new_password },
      {
        onSuccess: () => {
          form.reset();
          setChanged(true);
        },
        onError: (error) => form.setErrors(accountErrors(error, fields).byField),
      },
    );
  };
  const general = change.isError && accountErrors(change.error, fields).general !== undefined;
  const field = (name: 'current_password' | 'new_password' | 'again', label: string, autoComplete: string) => (
    <PasswordInput
      label={label}
      size="sm"
      autoComplete={autoComplete}
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': `Make ${label.toLowerCase()} visible` }}
      key={form.key(name)}
      {...form.getInputProps(name)}
    />
  );
  return (
    <Paper className={classes.card} component="section" aria-label="Password">
      <h2 className={classes.heading}>Password</h2>
      <Text c="dimmed" size="sm" mb="sm">
        With a new password you are signed out everywhere else, and terminals there are detached; their shells go on.
      </Text>
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack maw={420}>
          {changed && (
            <Alert role="status" color="green" variant="light">
              Your password is changed. You are signed out everywhere else.
            </Alert>
          )}
          {general && <Failure title="The password was not changed" error={change.error} />}
          {hasPassword && field('current_password', 'Current password', 'current-password')}
          {field('new_password', 'New password', 'new-password')}
          {field('again', 'New password again', 'new-password')}
          <Group>
            <Button type="submit" variant="default" loading={change.isPending}>
              {hasPassword ? 'Change password' : 'Set a password'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
};
