import { Button, Stack } from '@mantine/core';
import { IconLink } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ShareSecret } from '@webxterm/contracts/rest';
import { useEffect, useEffectEvent, useState } from 'react';
import { useServer } from '../api/server-context.ts';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { Failure } from '../layout/failure.tsx';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { keepValue, openStorage, readKept } from '../storage/kept-values.ts';

/** Keeps the secret of a link for this tab while its user signs in. An address with it would be sent to the server by a reload. */
const keptAt = 'webxterm.join';

/** The secret of the link: behind `#`, or kept from before the sign-in. Undefined: none. */
const takeSecret = (): string | undefined => {
  const storage = openStorage('sessionStorage');
  const behind = ShareSecret.safeParse(window.location.hash.slice(1)).data;
  const secret = behind ?? readKept(storage, keptAt, ShareSecret);
  storage?.removeItem(keptAt);
  return secret;
};

/** `/join#secret`: uses the link of a shared terminal, after a sign-in if necessary, and opens it. */
export const JoinPage = () => {
  usePageTitle('Shared terminal');
  const signIn = useSignIn();
  const server = useServer();
  const navigate = useNavigate();
  const [secret] = useState(takeSecret);
  const redeem = useMutation({ mutationFn: (link: string) => server.redeemShare(link) });
  const begin = useEffectEvent(() => {
    // Removes the secret from the address bar and the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
    if (secret === undefined) return;
    if (signIn.state.state !== 'in') {
      keepValue(openStorage('sessionStorage'), keptAt, secret);
      void navigate({ to: '/login', search: { next: '/join' }, replace: true });
      return;
    }
    redeem.mutate(secret, {
      onSuccess: ({ share_id }) =>
        void navigate({ to: '/shared/$shareId', params: { shareId: share_id }, replace: true }),
    });
  });
  useEffect(() => begin(), []);
  return (
    <main style={{ width: '100%', maxWidth: 640, margin: '0 auto', padding: '3rem 1rem' }}>
      <EmptyState
        isPage
        icon={<IconLink size={28} stroke={1.6} />}
        title={secret === undefined ? 'This link is incomplete' : 'Shared terminal'}
        text={
          secret === undefined
            ? 'Copy the whole link, including the part after the # sign.'
            : redeem.isError
              ? 'This link does not open a terminal.'
              : 'Opening it…'
        }
      >
        <Stack align="center">
          {redeem.isError && <Failure title="You cannot join" error={redeem.error} />}
          {(redeem.isError || secret === undefined) && (
            <Button component={Link} to="/sessions" variant="default">
              My sessions
            </Button>
          )}
        </Stack>
      </EmptyState>
    </main>
  );
};
