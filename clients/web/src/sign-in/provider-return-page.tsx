import { Alert, Button, Skeleton } from '@mantine/core';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useServer } from '../api/server-context.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { accountErrors } from './account-errors.ts';
import { AccountPage } from './account-page.tsx';
import { pathAfterSignIn } from './next-path.ts';
import { takePending } from './pending-provider.ts';
import { SecondStep, useChallenge } from './second-step.tsx';
import { useSignIn } from './sign-in-context.ts';

const route = getRouteApi('/sign-in/$provider');

/** To which a provider sends the user back: completes the sign-in or the link that this tab has begun. */
export const ProviderReturnPage = () => {
  usePageTitle('Sign in');
  const { provider } = route.useParams();
  const signIn = useSignIn();
  const server = useServer();
  const navigate = useNavigate();
  const { challenge, watch } = useChallenge();
  const [failure, setFailure] = useState<string>();
  const [pending] = useState(() => takePending(provider));
  const [query] = useState(() => window.location.search.slice(1));
  const begun = useRef(false);
  const isLink = pending?.purpose === 'link';
  const go = (): Promise<void> =>
    navigate({ href: isLink ? '/profile' : pathAfterSignIn(pending?.next), replace: true });
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    // Removes the code from the address bar and the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
    if (pending === undefined) return;
    const answer = { transaction: pending.transaction, query };
    const step = isLink ? server.completeLink(answer).then(() => true) : watch(signIn.completeAtProvider(answer));
    step
      .then((done) => (done ? go() : undefined))
      .catch((error: unknown) => setFailure(accountErrors(error, []).general));
  });
  if (challenge !== undefined)
    return (
      <SecondStep
        challenge={challenge}
        onSignedIn={go}
        onStartAgain={() => void navigate({ to: '/login', replace: true })}
      />
    );
  const text =
    pending === undefined
      ? 'It was begun in another browser or tab, or it was completed already. Start again.'
      : failure;
  if (text === undefined)
    return (
      <AccountPage title="One moment" text="Checking the answer of the provider.">
        <Skeleton height={120} radius="md" role="status" aria-label="Checking the answer of the provider" />
      </AccountPage>
    );
  return (
    <AccountPage
      title={isLink ? 'Nothing was linked' : 'You are not signed in'}
      text={isLink ? 'Your account is as it was.' : 'Your sign-in at the provider could not be used.'}
    >
      <Alert role="alert" color="red" variant="light">
        {text}
      </Alert>
      <Button component={Link} to={isLink ? '/profile' : '/login'} replace>
        {isLink ? 'Back to the Profile page' : 'Back to sign in'}
      </Button>
    </AccountPage>
  );
};
