import { type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import type { listIdentities } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { keepPending } from '../sign-in/pending-provider.ts';

const key = ['identities'] as const;

type Identities = z.output<typeof listIdentities.success.schema>;

/** The sign-ins at providers that are linked with the account, and the providers. */
export const useIdentities = (): UseQueryResult<Identities> => {
  const server = useServer();
  return useQuery({ queryKey: key, queryFn: ({ signal }) => server.identities(signal) });
};

/** Whether the account has a password. True until the server has responded. */
export const useHasPassword = (): boolean => useIdentities().data?.has_password ?? true;

/** Asks for the password, and leaves for the page of the provider. */
export const useBeginLink = () => {
  const server = useServer();
  return useMutation({
    mutationFn: async ({ provider, password }: { provider: string; password: string }) => {
      const { url, transaction } = await server.beginLink(provider, password);
      keepPending({ provider, transaction, purpose: 'link' });
      window.location.assign(url);
    },
  });
};

export const useUnlink = () => useChange(key, (server, id: string) => server.unlinkIdentity(id));
