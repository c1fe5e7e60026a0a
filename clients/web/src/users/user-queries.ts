import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { FactorPolicy } from '@webxterm/contracts/rest';
import type { AccessTokenList } from '../api/access-token-calls.ts';
import type { Belongings, FactorPolicyChange, User, UserList, UserQuery } from '../api/account-calls.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';

const keys = {
  all: ['users'] as const,
  list: (query: UserQuery) => ['users', 'list', query] as const,
  tokens: (id: string) => ['users', 'tokens', id] as const,
  belongings: (id: string) => ['users', 'belongings', id] as const,
  factorPolicy: ['users', 'factor-policy'] as const,
};

/** A page of all users. The previous page stays visible while the next one loads. */
export const useUserList = (query: UserQuery): UseQueryResult<UserList> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.list(query),
    queryFn: ({ signal }) => server.users(query, signal),
    placeholderData: keepPreviousData,
  });
};

/** The effects of the deletion of an account. Fetched again each time the dialog opens. */
export const useBelongings = (id: string): UseQueryResult<Belongings> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.belongings(id),
    queryFn: ({ signal }) => server.userBelongings(id, signal),
    staleTime: 0,
    gcTime: 0,
  });
};

export const useCreateUser = () =>
  useChange(keys.all, (server, account: { username: string; email: string; role: User['role'] }) =>
    server.createUser(account),
  );

export const useUpdateUser = () =>
  useChange(
    keys.all,
    (server, { id, change }: { id: string; change: { role: User['role'] } | { disabled: boolean } }) =>
      server.updateUser(id, change),
  );

export const useResetLink = () => useChange(keys.all, (server, id: string) => server.createResetLink(id));

export const useResetSecondFactors = () => useChange(keys.all, (server, id: string) => server.resetSecondFactors(id));

/** The policy for second factors. */
export const useFactorPolicy = (): UseQueryResult<FactorPolicy> => {
  const server = useServer();
  return useQuery({ queryKey: keys.factorPolicy, queryFn: ({ signal }) => server.factorPolicy(signal), staleTime: 0 });
};

export const useChangeFactorPolicy = () =>
  useChange(keys.factorPolicy, (server, change: FactorPolicyChange) => server.changeFactorPolicy(change));

/** The access tokens of a user. Fetched again each time the dialog opens. */
export const useUserTokens = (id: string): UseQueryResult<AccessTokenList> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.tokens(id),
    queryFn: ({ signal }) => server.userTokens(id, signal),
    staleTime: 0,
    gcTime: 0,
  });
};

export const useRevokeUserTokens = () => useChange(keys.all, (server, id: string) => server.revokeUserTokens(id));

export const useDeleteUser = () =>
  useChange(
    keys.all,
    (server, { id, machines }: { id: string; machines: { machines?: 'remove'; machines_to?: string } }) =>
      server.deleteUser(id, machines),
  );
