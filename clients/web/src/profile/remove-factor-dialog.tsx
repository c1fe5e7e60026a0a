import { Text } from '@mantine/core';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';

interface RemoveFactorProps {
  readonly title: string;
  /** The second factors that the user keeps. Undefined: it is the last one. */
  readonly stays: string | undefined;
  readonly remove: { readonly isPending: boolean; readonly error: Error | null };
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before a second factor is removed. */
export const RemoveFactorDialog = ({ title, stays, remove, onConfirm, onClose }: RemoveFactorProps) => (
  <ConfirmDialog
    title={title}
    keep="Keep it"
    confirm="Remove it"
    pending={remove.isPending}
    failed="It was not removed"
    error={remove.error}
    onClose={onClose}
    onConfirm={onConfirm}
  >
    <Text size="sm">{stays ?? 'Your password alone signs you in then. Your recovery codes are removed too.'}</Text>
  </ConfirmDialog>
);
