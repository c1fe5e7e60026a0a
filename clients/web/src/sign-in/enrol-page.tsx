import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { hasFactor, useSecondFactors } from '../profile/own-account-queries.ts';
import { PasskeyDialog } from '../profile/passkey-dialog.tsx';
import { TotpDialog } from '../profile/totp-dialog.tsx';
import { AccountPage } from './account-page.tsx';
import { passkeysHere } from './passkey.ts';
import { useSignIn } from './sign-in-context.ts';

/** The only page of a user who must set up a second factor first. */
export const EnrolPage = () => {
  usePageTitle('Set up a second factor');
  const signIn = useSignIn();
  const queries = useQueryClient();
  const factors = useSecondFactors();
  const [open, setOpen] = useState<'app' | 'passkey'>();
  const done = factors.data !== undefined && hasFactor(factors.data) && open === undefined;
  useEffect(() => {
    if (!done) return;
    signIn.enrolled();
    // The other queries have failed meanwhile.
    void queries.resetQueries();
  }, [done, signIn, queries]);
  return (
    <AccountPage
      title="Set up a second factor"
      text="This installation requires one. You can use everything else once it is set up. Your shells keep running."
    >
      <Stack>
        {factors.isError && (
          <Failure
            title="Your second factors could not be loaded"
            error={factors.error}
            onRetry={() => void factors.refetch()}
          />
        )}
        {factors.data !== undefined && passkeysHere(factors.data.passkey_host) && (
          <Button onClick={() => setOpen('passkey')}>Add a passkey</Button>
        )}
        <Button onClick={() => setOpen('app')} disabled={factors.data === undefined}>
          Set up an authenticator app
        </Button>
        <Text size="sm" c="dimmed" ta="center">
          <Anchor component="button" type="button" onClick={() => void signIn.signOut().catch(() => undefined)}>
            Sign out
          </Anchor>
        </Text>
      </Stack>
      {open === 'app' && <TotpDialog onClose={() => setOpen(undefined)} />}
      {open === 'passkey' && <PasskeyDialog onClose={() => setOpen(undefined)} />}
    </AccountPage>
  );
};
