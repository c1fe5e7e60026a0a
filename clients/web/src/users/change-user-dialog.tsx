import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { User } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { MadeLink } from './made-link.tsx';
import { useResetLink, useResetSecondFactors, useUpdateUser } from './user-queries.ts';

/** Actions on an account, except for its deletion. */
export type UserAction = 'promote' | 'demote' | 'disable' | 'enable' | 'link' | 'reset-factors';

interface Words {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly danger: boolean;
}

const wordsOf = (action: UserAction, { username, set_up }: User): Words => {
  switch (action) {
    case 'promote':
      return {
        title: `Make ${username} an administrator?`,
        text: 'Administrators see every machine, every user and the audit log, may end any terminal, and may make you a plain user.',
        button: 'Make administrator',
        danger: false,
      };
    case 'demote':
      return {
        title: `Make ${username} a plain user?`,
        text: 'They keep their own machines and those shared with them. It takes effect at once, wherever they are signed in.',
        button: 'Make plain user',
        danger: true,
      };
    case 'disable':
      return {
        title: `Disable ${username}?`,
        text: 'They are signed out at once, their tokens become invalid, and their terminals end. Their machines stay. You can enable them again.',
        button: 'Disable',
        danger: true,
      };
    case 'enable':
      return {
        title: `Enable ${username} again?`,
        text: 'They may sign in with their password, and their tokens that have not expired become valid again.',
        button: 'Enable',
        danger: false,
      };
    case 'reset-factors':
      return {
        title: `Remove the second factor of ${username}?`,
        text: 'They sign in with their password alone until they set up another one. All their sign-ins end. Do this only when you are sure that the request comes from them.',
        button: 'Remove it',
        danger: true,
      };
    case 'link':
      return {
        title: set_up ? `Create a password reset link for ${username}?` : `Create a new setup link for ${username}?`,
        text: set_up
          ? 'Anyone who has the link can choose the password. Then every sign-in of the account ends.'
          : 'The previous link is invalid then.',
        button: 'Create link',
        danger: false,
      };
  }
};

const changeOf = (
  action: Exclude<UserAction, 'link' | 'reset-factors'>,
): { role: User['role'] } | { disabled: boolean } => {
  if (action === 'promote' || action === 'demote') return { role: action === 'promote' ? 'admin' : 'user' };
  return { disabled: action === 'disable' };
};

interface ChangeUserProps {
  readonly user: User;
  readonly action: UserAction;
  readonly onClose: () => void;
}

/** Explains an action and asks for confirmation. */
export const ChangeUserDialog = ({ user, action, onClose }: ChangeUserProps) => {
  const update = useUpdateUser();
  const link = useResetLink();
  const factors = useResetSecondFactors();
  const words = wordsOf(action, user);
  const failed = action === 'link' ? link : action === 'reset-factors' ? factors : update;
  const act = (): void => {
    if (action === 'link') link.mutate(user.id);
    else if (action === 'reset-factors') factors.mutate(user.id, { onSuccess: onClose });
    else update.mutate({ id: user.id, change: changeOf(action) }, { onSuccess: onClose });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size={link.isSuccess ? 'lg' : 'md'}
      closeOnClickOutside={!link.isSuccess}
      title={<Text fw={650}>{words.title}</Text>}
    >
      {link.isSuccess ? (
        <MadeLink url={link.data.url} forWhom={user.username} onDone={onClose} />
      ) : (
        <Stack>
          <Text size="sm">{words.text}</Text>
          {failed.isError && <Failure title="Nothing was changed" error={failed.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button data-autofocus {...(words.danger ? { color: 'red' } : {})} loading={failed.isPending} onClick={act}>
              {words.button}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
};
