import { Anchor, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { PasswordField } from '../layout/password-field.tsx';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
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
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: schemaResolver(LoginForm, { sync: true }),
  });
  const { submit, failure } = useAccountSubmit(form, ['email', 'password'], (values: z.infer<typeof LoginForm>) =>
    signIn.signIn({ email: values.email.trim(), password: values.password }),
  );
  return (
    <AccountPage title="Welcome back" text="Sign in to reach your machines.">
      <AccountForm
        onSubmit={form.onSubmit(submit)}
        failure={failure}
        submitting={form.submitting}
        button="Sign in"
        footer={
          signupOpen && (
            <Text size="sm" c="dimmed" ta="center">
              New here?{' '}
              <Anchor component={Link} to="/signup">
                Create an account
              </Anchor>
            </Text>
          )
        }
      >
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
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
      </AccountForm>
    </AccountPage>
  );
};
