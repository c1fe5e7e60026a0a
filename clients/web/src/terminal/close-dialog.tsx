import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { Failure } from '../layout/failure.tsx';
import { useEndSession } from '../sessions/session-queries.ts';
import type { Tab } from './tab-store.ts';

/** Asks before a tab with a running shell is closed whether to end the shell or keep it. */
export const CloseDialog = (props: {
  tab: Tab | undefined;
  /** The program that runs in it. Undefined: none, or unknown. */
  program: string | undefined;
  onCancel: () => void;
  onClosed: () => void;
  onGone: () => void;
}) => {
  const end = useEndSession();
  const sessionId = props.tab?.sessionId;
  const done = (): void => {
    end.reset();
    props.onClosed();
  };
  return (
    <Modal
      opened={props.tab !== undefined}
      onClose={() => {
        end.reset();
        props.onCancel();
      }}
      onExitTransitionEnd={props.onGone}
      title={<Text fw={650}>Close this tab</Text>}
    >
      <Stack>
        <Text>
          {props.program === undefined ? 'The shell in it is still running.' : <Running program={props.program} />} It
          can go on without the tab; you find it under Sessions.
        </Text>
        {end.isError && <Failure title="The shell could not be ended" error={end.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={done} data-autofocus>
            Keep it running
          </Button>
          <Button
            color="red"
            loading={end.isPending}
            onClick={() => (sessionId === undefined ? done() : end.mutate(sessionId, { onSuccess: done }))}
          >
            End the shell
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};

const Running = ({ program }: { program: string }) => (
  <>
    <b>{program}</b> is running in it.
  </>
);
