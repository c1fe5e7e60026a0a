import { Modal, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface SetUpDialogProps {
  readonly title: string;
  /** The dialog shows recovery codes that the user has not stored yet, so only its own button closes it. */
  readonly unseen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The frame of the dialogs that set up a second factor. */
export const SetUpDialog = ({ title, unseen, onClose, children }: SetUpDialogProps) => (
  <Modal
    opened
    onClose={onClose}
    closeOnClickOutside={!unseen}
    closeOnEscape={!unseen}
    withCloseButton={!unseen}
    title={<Text fw={650}>{unseen ? 'Your recovery codes' : title}</Text>}
  >
    {children}
  </Modal>
);
