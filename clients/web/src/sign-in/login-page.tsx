import { Alert, Anchor, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { getRouteApi, Link } from '@tanstack/react-router';
import { z } from 'zod';
import { usePageTitle } from '../brand/page-title.ts';
import { PasswordField } from '../layout/password-field.tsx';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
import { AccountPage } from './account-page.tsx';
import { passkeysHere } from './passkey.ts';
import { PasskeyButton } from './passkey-button.tsx';
import { ProviderButtons } from './provider-buttons.tsx';
import { SecondStep, useChallenge } from './second-step.tsx';
import { useSignIn, useSignInState } from './sign-in-context.ts';
import { useSignInMethods } from './sign-in-methods.ts';
import { useSignupOpen } from './signup-open.ts';

const LoginForm = z.object({
  email: z.string().trim().min(1, 'Enter your e-mail address'),
  password: z.string().min(1, 'Enter your password'),
});

const route = getRouteApi('/signed-out');

export const LoginPage = () => {
  usePageTitle('Sign in');
  const signIn = useSignIn();
  const state = useSignInState();
  const ended = state.state === 'out' && state.ended === true;
  const signupOpen = useSignupOpen();
  const methods = useSignInMethods();
  const { next } = route.useSearch();
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
      {ended && (
        <Alert role="status" color="yellow" variant="light" radius="lg" title="Your sign-in has ended" mb="md">
          It was ended in another tab or browser, by an administrator, or after its time. Your terminals keep running.
          Sign in, and you are back where you were.
        </Alert>
      )}
      <AccountForm
        onSubmit={form.onSubmit(submit)}
        failure={failure}
        submitting={form.submitting}
        button="Sign in"
        footer={
          <>
            {passkeysHere(methods?.passkey_host) && (
              <PasskeyButton label="Sign in with a passkey" onUse={() => signIn.signInWithPasskey()} />
            )}
            <ProviderButtons
              providers={methods?.providers ?? []}
              labelOf={({ label }) => `Continue with ${label}`}
              next={next}
            />
            {signupOpen && (
              <Text size="sm" c="dimmed" ta="center">
                New here?{' '}
                <Anchor component={Link} to="/signup" underline="always">
                  Create an account
                </Anchor>
              </Text>
            )}
          </>
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
