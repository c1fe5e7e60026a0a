import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { CopyButton } from '../clipboard/copy-button.tsx';
import classes from './users.module.css';

/** A setup or reset link, shown only once. */
export const MadeLink = ({ url, forWhom, onDone }: { url: string; forWhom: string; onDone: () => void }) => (
  <Stack>
    <Text size="sm">
      Send this link to <b>{forWhom}</b> in a way that nobody else reads. It lets whoever opens it choose the password:
      once, within an hour.
    </Text>
    <div className={classes.link}>
      <code data-testid="made-link">{url}</code>
      <CopyButton label="Copy the link" text={() => url} />
    </div>
    <Alert color="yellow" variant="light">
      It is not shown again. If it gets lost, make another one: that ends this one.
    </Alert>
    <Group justify="flex-end">
      <Button onClick={onDone}>Done</Button>
    </Group>
  </Stack>
);
