import { Anchor, Skeleton, Text, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { LinkToken, redeemLink } from '@webxterm/contracts/rest';
import { useEffect, useState } from 'react';
import { z } from 'zod';
import type { LinkOwner } from '../api/account-calls.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { PasswordField } from '../layout/password-field.tsx';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
import { AccountPage } from './account-page.tsx';
import { ProviderButtons } from './provider-buttons.tsx';
import { SecondStep, useChallenge } from './second-step.tsx';
import { useSignIn } from './sign-in-context.ts';
import { useSignInMethods } from './sign-in-methods.ts';

/** The token in the fragment of the URL. Undefined if it is not a valid token. */
const tokenOf = (hash: string): string | undefined => LinkToken.safeParse(hash.replace(/^#/, '')).data;

/** Target of a setup or reset link: the user chooses a password and is signed in. */
export const SetupPage = () => {
  usePageTitle('Choose a password');
  const signIn = useSignIn();
  const [token] = useState(() => tokenOf(window.location.hash));
  // Removes the token from the address bar and the history. Only this page keeps it.
  useEffect(() => window.history.replaceState(window.history.state, '', window.location.pathname), []);
  const owner = useQuery({
    queryKey: ['link', token ?? ''],
    queryFn: () => signIn.lookUpLink(token ?? ''),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (token === undefined)
    return (
      <AccountPage title="This link is incomplete" text="Copy the whole link, including the part after the # sign.">
        <ToSignIn />
      </AccountPage>
    );
  if (owner.isError)
    return (
      <AccountPage title="This link cannot be used" text="A link works once, within an hour.">
        <Failure title="Nothing was changed" error={owner.error} onRetry={() => void owner.refetch()} />
        <ToSignIn />
      </AccountPage>
    );
  if (owner.data === undefined)
    return (
      <AccountPage title="One moment" text="Looking up the link.">
        <Skeleton height={180} radius="md" role="status" aria-label="Looking up the link" />
      </AccountPage>
    );
  return <ChoosePassword token={token} owner={owner.data} />;
};

const ToSignIn = () => (
  <Text size="sm" c="dimmed" ta="center">
    Know your password?{' '}
    <Anchor component={Link} to="/login" underline="always">
      Sign in
    </Anchor>
  </Text>
);

const Chosen = z
  .object({ password: redeemLink.body.shape.password, again: z.string() })
  .refine(({ password, again }) => password === again, { message: 'is not the same', path: ['again'] });

const ChoosePassword = ({ token, owner }: { token: string; owner: LinkOwner }) => {
  const signIn = useSignIn();
  const methods = useSignInMethods();
  const navigate = useNavigate();
  const { challenge, watch } = useChallenge();
  const home = (): Promise<void> => navigate({ to: '/', replace: true });
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '', again: '' },
    validate: schemaResolver(Chosen, { sync: true }),
  });
  const { submit, failure } = useAccountSubmit(form, ['password'], async ({ password }: z.input<typeof Chosen>) => {
    if (await watch(signIn.redeemLink({ token, password }))) await home();
  });
  if (challenge !== undefined)
    return (
      <SecondStep
        challenge={challenge}
        onSignedIn={home}
        onStartAgain={() => void navigate({ to: '/login', replace: true })}
      />
    );
  const isNew = owner.kind === 'setup';
  return (
    <AccountPage
      title={isNew ? `Welcome, ${owner.username}` : 'A new password'}
      text={isNew ? 'Choose a password for your account.' : 'Everywhere you are signed in now, you will be signed out.'}
    >
      <AccountForm
        onSubmit={form.onSubmit(submit)}
        failure={failure}
        submitting={form.submitting}
        button={isNew ? 'Set up my account' : 'Change my password'}
        footer={
          isNew && (
            <ProviderButtons
              providers={(methods?.providers ?? []).filter(({ sets_up }) => sets_up)}
              labelOf={({ label }) => `Use ${label} instead`}
              setupToken={token}
            />
          )
        }
      >
        <TextInput label="E-mail" type="email" name="email" autoComplete="username" readOnly value={owner.email} />
        <PasswordField
          label="Password"
          description="6 characters or more"
          name="password"
          autoComplete="new-password"
          autoFocus
          required
          withAsterisk={false}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <PasswordField
          label="The same again"
          name="again"
          autoComplete="new-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the repeated text' }}
          key={form.key('again')}
          {...form.getInputProps('again')}
        />
      </AccountForm>
    </AccountPage>
  );
};
