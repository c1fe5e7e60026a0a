import { Anchor, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { PasswordField } from '../layout/password-field.tsx';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
import { AccountPage } from './account-page.tsx';
import { SecondStep, useChallenge } from './second-step.tsx';
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
  const { challenge, watch, forget } = useChallenge();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: schemaResolver(LoginForm, { sync: true }),
  });
  const { submit, failure } = useAccountSubmit(
    form,
    ['email', 'password'],
    async (values: z.infer<typeof LoginForm>) => {
      await watch(signIn.signIn({ email: values.email.trim(), password: values.password }));
    },
  );
  if (challenge !== undefined) return <SecondStep challenge={challenge} onStartAgain={forget} />;
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
