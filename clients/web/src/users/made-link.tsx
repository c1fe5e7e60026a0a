import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { CopyButton } from '../clipboard/copy-button.tsx';
import classes from './users.module.css';

/** A setup or reset link, shown only once. */
export const MadeLink = ({ url, forWhom, onDone }: { url: string; forWhom: string; onDone: () => void }) => (
  <Stack>
    <Text size="sm">
      Send this link to <b>{forWhom}</b> over a private channel. Anyone who opens it can choose the password. It works
      once, within one hour.
    </Text>
    <div className={classes.link}>
      <code data-testid="made-link">{url}</code>
      <CopyButton label="Copy the link" text={() => url} />
    </div>
    <Alert color="yellow" variant="light">
      The link is shown only now. If it is lost, create a new one. The new link replaces this one.
    </Alert>
    <Group justify="flex-end">
      <Button onClick={onDone}>Done</Button>
    </Group>
  </Stack>
);
