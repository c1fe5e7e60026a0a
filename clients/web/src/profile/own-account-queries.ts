import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { Belongings, SigninList } from '../api/account-calls.ts';
import type { Server } from '../api/server.ts';
import { useServer } from '../api/server-context.tsx';

const keys = {
  blocked: ['blocked'] as const,
  profile: ['profile'] as const,
  signins: ['signins'] as const,
  belongings: ['belongings'] as const,
};

/** The user's sign-ins, the most recently seen first. */
export const useSignins = (): UseQueryResult<SigninList> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.signins,
    queryFn: async ({ signal }) => (await server.signins(signal)).sessions,
  });
};

/** What a deletion of the user's account affects. Fetched again each time the dialog opens. */
export const useMyBelongings = (): UseQueryResult<Belongings> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.belongings,
    queryFn: ({ signal }) => server.myBelongings(signal),
    staleTime: 0,
    gcTime: 0,
  });
};

const useAccountChange = <Input, Output>(
  key: readonly string[],
  call: (server: Server, input: Input) => Promise<Output>,
): UseMutationResult<Output, Error, Input> => {
  const server = useServer();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: Input) => call(server, input),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
};

/** The users whose shares the user blocks. */
export const useBlockedUsers = () => {
  const server = useServer();
  return useQuery({ queryKey: keys.blocked, queryFn: ({ signal }) => server.blockedUsers(signal) });
};

export const useBlockUser = () =>
  useAccountChange(keys.blocked, (server, username: string) => server.blockUser(username));

export const useUnblockUser = () =>
  useAccountChange(keys.blocked, (server, userId: string) => server.unblockUser(userId));

export const useUpdateProfile = () =>
  useAccountChange(keys.profile, (server, change: Parameters<Server['updateProfile']>[0]) =>
    server.updateProfile(change),
  );

export const useUploadAvatar = () =>
  useAccountChange(keys.profile, (server, dataUrl: string) => server.uploadAvatar(dataUrl));

export const useDeleteAvatar = () => useAccountChange(keys.profile, (server, _: undefined) => server.deleteAvatar());

export const useRegenerateApiKey = () =>
  useAccountChange(keys.profile, (server, _: undefined) => server.regenerateApiKey());

export const useChangePassword = () =>
  useAccountChange(keys.signins, (server, passwords: { current_password: string; new_password: string }) =>
    server.changePassword(passwords),
  );

export const useEndSignin = () => useAccountChange(keys.signins, (server, id: string) => server.endSignin(id));

export const useEndOtherSignins = () =>
  useAccountChange(keys.signins, (server, _: undefined) => server.endOtherSignins());

export const useLeave = () =>
  useAccountChange(keys.belongings, (server, leaving: { current_password: string; machines?: 'remove' }) =>
    server.leave(leaving),
  );
