import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { accountErrors } from './account-errors.ts';
import { AccountPage } from './account-page.tsx';
import { useSignIn } from './sign-in-context.tsx';
import { useSignupOpen } from './signup-open.ts';

const LoginForm = z.object({
  email: z.string().trim().min(1, 'Enter your e-mail address'),
  password: z.string().min(1, 'Enter your password'),
});

export const LoginPage = () => {
  usePageTitle('Sign in');
  const signIn = useSignIn();
  const signupOpen = useSignupOpen();
  const [failure, setFailure] = useState<string>();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: schemaResolver(LoginForm, { sync: true }),
  });
  const submit = async (values: z.infer<typeof LoginForm>): Promise<void> => {
    setFailure(undefined);
    try {
      await signIn.signIn({ email: values.email.trim(), password: values.password });
    } catch (error) {
      const { byField, general } = accountErrors(error, ['email', 'password']);
      form.setErrors(byField);
      setFailure(general);
    }
  };
  return (
    <AccountPage title="Welcome back" text="Sign in to reach your machines.">
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack>
          {failure !== undefined && (
            <Alert role="alert" color="red" variant="light">
              {failure}
            </Alert>
          )}
          <TextInput
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            autoFocus
            required
            withAsterisk={false}
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': 'Make the typing visible' }}
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" size="md" mt="xs" loading={form.submitting}>
            Sign in
          </Button>
          {signupOpen && (
            <Text size="sm" c="dimmed" ta="center">
              New here?{' '}
              <Anchor component={Link} to="/signup">
                Create an account
              </Anchor>
            </Text>
          )}
        </Stack>
      </form>
    </AccountPage>
  );
};
