import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Belongings, SecondFactors, SigninList } from '../api/account-calls.ts';
import type { Server } from '../api/server.ts';
import { useServer } from '../api/server-context.ts';
import { useChange } from '../api/use-change.ts';
import { makePasskey } from '../sign-in/passkey.ts';

const keys = {
  blocked: ['blocked'] as const,
  profile: ['profile'] as const,
  signins: ['signins'] as const,
  secondFactors: ['second-factors'] as const,
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

/** The user's second factors. */
export const useSecondFactors = (): UseQueryResult<SecondFactors> => {
  const server = useServer();
  return useQuery({ queryKey: keys.secondFactors, queryFn: ({ signal }) => server.secondFactors(signal) });
};

export const hasFactor = ({ totp, passkeys }: SecondFactors): boolean => totp !== null || passkeys.length > 0;

export const useBeginTotp = () =>
  useChange(keys.secondFactors, (server, password: string) => server.beginTotp(password));

export const useConfirmTotp = () => useChange(keys.secondFactors, (server, code: string) => server.confirmTotp(code));

/** Asks for the password, has the browser make the passkey, and adds it. */
export const useAddPasskey = () =>
  useChange(keys.secondFactors, async (server, { password, name }: { password: string; name: string }) => {
    const { ceremony, options } = await server.beginPasskey(password);
    return server.addPasskey({ ceremony, name, credential: await makePasskey(options) });
  });

export const useRenamePasskey = () =>
  useChange(keys.secondFactors, (server, { id, name }: { id: string; name: string }) => server.renamePasskey(id, name));

export const useRemovePasskey = () => useChange(keys.secondFactors, (server, id: string) => server.removePasskey(id));

export const useRemoveTotp = () => useChange(keys.secondFactors, (server, _: undefined) => server.removeTotp());

export const useRenewRecoveryCodes = () =>
  useChange(keys.secondFactors, (server, _: undefined) => server.renewRecoveryCodes());

/** The effects of a deletion of the user's account. Fetched again each time the dialog opens. */
export const useMyBelongings = (): UseQueryResult<Belongings> => {
  const server = useServer();
  return useQuery({
    queryKey: keys.belongings,
    queryFn: ({ signal }) => server.myBelongings(signal),
    staleTime: 0,
    gcTime: 0,
  });
};

/** The users whose shares the user blocks. */
export const useBlockedUsers = () => {
  const server = useServer();
  return useQuery({ queryKey: keys.blocked, queryFn: ({ signal }) => server.blockedUsers(signal) });
};

export const useBlockUser = () => useChange(keys.blocked, (server, username: string) => server.blockUser(username));

export const useUnblockUser = () => useChange(keys.blocked, (server, userId: string) => server.unblockUser(userId));

export const useUpdateProfile = () =>
  useChange(keys.profile, (server, change: Parameters<Server['updateProfile']>[0]) => server.updateProfile(change));

export const useUploadAvatar = () => useChange(keys.profile, (server, dataUrl: string) => server.uploadAvatar(dataUrl));

export const useDeleteAvatar = () => useChange(keys.profile, (server, _: undefined) => server.deleteAvatar());

/** Shows the key. The profile is fetched again, which has the key once the second factor was confirmed. */
export const useShowApiKey = () => useChange(keys.profile, (server, _: undefined) => server.apiKey());

export const useRegenerateApiKey = () => useChange(keys.profile, (server, _: undefined) => server.regenerateApiKey());

export const useChangePassword = () =>
  useChange(keys.signins, (server, passwords: { current_password: string; new_password: string }) =>
    server.changePassword(passwords),
  );

export const useEndSignin = () => useChange(keys.signins, (server, id: string) => server.endSignin(id));

export const useEndOtherSignins = () => useChange(keys.signins, (server, _: undefined) => server.endOtherSignins());

export const useLeave = () =>
  useChange(keys.belongings, (server, leaving: { current_password: string; machines?: 'remove' }) =>
    server.leave(leaving),
  );
