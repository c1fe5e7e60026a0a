import { Alert, Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useServer } from '../api/server-context.ts';
import { useSignIn, useSignInState } from '../sign-in/sign-in-context.ts';
import { localTime } from './format.ts';

/** That a second factor will be required, and that an administrator removed the user's second factors. */
export const SecondFactorNotices = () => {
  const state = useSignInState();
  const signIn = useSignIn();
  const server = useServer();
  if (state.state !== 'in') return null;
  const { required_from, reset_at } = state.secondFactor;
  const dismiss = (): void => {
    signIn.dismissReset();
    // It is shown again after the next reload if it was not stored.
    server.dismissFactorReset().catch(() => undefined);
  };
  return (
    <>
      {reset_at !== null && (
        <Alert
          role="status"
          color="yellow"
          variant="light"
          mb="md"
          title="Your second factor was removed"
          withCloseButton
          closeButtonLabel="Dismiss"
          onClose={dismiss}
        >
          An administrator removed it on {localTime(reset_at)}. If you did not ask for that, change your password on the{' '}
          <ProfileLink /> and contact an administrator.
        </Alert>
      )}
      {required_from !== null && (
        <Alert role="status" color="yellow" variant="light" mb="md" title="Set up a second factor">
          This installation requires one from {localTime(required_from)}. Set it up on the <ProfileLink />.
        </Alert>
      )}
    </>
  );
};

const ProfileLink = () => (
  <Anchor component={Link} to="/profile" c="inherit" inherit underline="always">
    Profile page
  </Anchor>
);
