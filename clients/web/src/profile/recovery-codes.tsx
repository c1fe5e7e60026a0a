import { Group, Stack, Text } from '@mantine/core';
import { CopyButton } from '../clipboard/copy-button.tsx';
import classes from './recovery-codes.module.css';
import { StoredOnce } from './stored-once.tsx';

/** Recovery codes, which are shown once. The dialog can be closed after the user has stored them. */
export const RecoveryCodes = ({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) => {
  return (
    <Stack>
      <Text size="sm">
        Each of these codes signs you in once in place of your second factor. Store them where you find them without
        your device. They are not shown again.
      </Text>
      <ol className={classes.codes} data-testid="recovery-codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <Group>
        <CopyButton label="Copy the recovery codes" text={() => codes.join('\n')} />
      </Group>
      <StoredOnce label="I have stored them" onDone={onDone} />
    </Stack>
  );
};
