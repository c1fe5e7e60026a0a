import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { signup } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { accountErrors } from './account-errors.ts';
import { AccountPage } from './account-page.tsx';
import { useSignIn } from './sign-in-context.tsx';
import { useSignupOpen } from './signup-open.ts';

const fields = ['username', 'email', 'password'];

export const SignupPage = () => {
  usePageTitle('Create account');
  const signIn = useSignIn();
  const signupOpen = useSignupOpen();
  const [failure, setFailure] = useState<string>();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: '', email: '', password: '' },
    validate: schemaResolver(signup.body, { sync: true }),
  });
  const submit = async (values: z.input<typeof signup.body>): Promise<void> => {
    setFailure(undefined);
    try {
      await signIn.signUp(values);
    } catch (error) {
      const { byField, general } = accountErrors(error, fields);
      form.setErrors(byField);
      setFailure(general);
    }
  };
  if (!signupOpen)
    return (
      <AccountPage
        title="Sign-up is closed"
        text="Ask an administrator for an account: they send you a link with which you choose a password."
      >
        <ToSignIn />
      </AccountPage>
    );
  return (
    <AccountPage title="Create your account" text="Then add your first machine: it takes one command.">
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack>
          {failure !== undefined && (
            <Alert role="alert" color="red" variant="light">
              {failure}
            </Alert>
          )}
          <TextInput
            label="Username"
            name="username"
            autoComplete="nickname"
            autoFocus
            required
            withAsterisk={false}
            key={form.key('username')}
            {...form.getInputProps('username')}
          />
          <TextInput
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            required
            withAsterisk={false}
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            description="6 characters or more"
            name="password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': 'Make the typing visible' }}
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" size="md" mt="xs" loading={form.submitting}>
            Create account
          </Button>
          <ToSignIn />
        </Stack>
      </form>
    </AccountPage>
  );
};

const ToSignIn = () => (
  <Text size="sm" c="dimmed" ta="center">
    Have an account already?{' '}
    <Anchor component={Link} to="/login">
      Sign in
    </Anchor>
  </Text>
);
