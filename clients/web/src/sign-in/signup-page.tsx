import { Anchor, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { signup } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { PasswordField } from '../layout/password-field.tsx';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
import { AccountPage } from './account-page.tsx';
import { useSignIn } from './sign-in-context.ts';
import { useSignupOpen } from './signup-open.ts';

const fields = ['username', 'email', 'password'];

export const SignupPage = () => {
  usePageTitle('Create account');
  const signIn = useSignIn();
  const signupOpen = useSignupOpen();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: '', email: '', password: '' },
    validate: schemaResolver(signup.body, { sync: true }),
  });
  const { submit, failure } = useAccountSubmit(form, fields, (values: z.input<typeof signup.body>) =>
    signIn.signUp(values),
  );
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
      <AccountForm
        onSubmit={form.onSubmit(submit)}
        failure={failure}
        submitting={form.submitting}
        button="Create account"
        footer={<ToSignIn />}
      >
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
        <PasswordField
          label="Password"
          description="6 characters or more"
          name="password"
          autoComplete="new-password"
          required
          withAsterisk={false}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
      </AccountForm>
    </AccountPage>
  );
};

const ToSignIn = () => (
  <Text size="sm" c="dimmed" ta="center">
    Have an account already?{' '}
    <Anchor component={Link} to="/login" underline="always">
      Sign in
    </Anchor>
  </Text>
);
