import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Failure } from './failure.tsx';

export interface ConfirmDialogProps {
  readonly opened?: boolean;
  readonly title: string;
  /** The consequence of a confirmation. */
  readonly children: ReactNode;
  /** The button that leaves everything as it is. */
  readonly keep: string;
  /** The button that does it. */
  readonly confirm: string;
  /** False: nothing is lost by it. Default: true. */
  readonly danger?: boolean;
  readonly pending: boolean;
  /** Shown while `error` is one. */
  readonly failed: string;
  readonly error: Error | null;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** Asks before something is changed, ended or removed. The focus is on leaving it as it is. */
export const ConfirmDialog = (props: ConfirmDialogProps) => (
  <Modal opened={props.opened ?? true} onClose={props.onClose} title={<Text fw={650}>{props.title}</Text>}>
    <Stack>
      {props.children}
      {props.error !== null && <Failure title={props.failed} error={props.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={props.onClose} data-autofocus>
          {props.keep}
        </Button>
        <Button {...(props.danger !== false && { color: 'red' })} loading={props.pending} onClick={props.onConfirm}>
          {props.confirm}
        </Button>
      </Group>
    </Stack>
  </Modal>
);
