import { Alert, Button, Group, Paper, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import type { Profile } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { z } from 'zod';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { ago, localTime } from '../layout/format.ts';
import { maskedKey } from '../machines/install-command.ts';
import { useNow } from '../machines/now.ts';
import { useRegenerateApiKey, useShowApiKey } from './own-account-queries.ts';
import classes from './profile-page.module.css';

type Me = z.output<typeof Profile>['user'];

/** In place of a key that is shown only after the second factor was confirmed. */
const hiddenKey = 'vsay_ak_••••••••';

/** The user's API key: show, copy, replace, and its last use. */
export const ApiKeyCard = ({ user }: { user: Me }) => {
  const [shown, setShown] = useState(false);
  const show = useShowApiKey();
  const key = user.api_key === '' ? show.data : user.api_key;
  const toggle = (): void => {
    if (!shown && key === undefined) show.mutate(undefined, { onSuccess: () => setShown(true) });
    else setShown(!shown);
  };
  const [replacing, setReplacing] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="API key">
      <h2 className={classes.heading}>API key</h2>
      <Text c="dimmed" size="sm" mb="sm">
        Agents are configured with it. Anyone who has it can add machines to your account: treat it like a password.
      </Text>
      <div className={classes.keyRow}>
        <code className={classes.key} data-testid="api-key">
          {key === undefined ? hiddenKey : shown ? key : maskedKey(key)}
        </code>
        <Group gap="xs" wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            aria-pressed={shown}
            leftSection={shown ? <IconEyeOff size={15} aria-hidden /> : <IconEye size={15} aria-hidden />}
            loading={show.isPending}
            onClick={toggle}
            aria-label={shown ? 'Hide API key' : 'Show API key'}
          >
            {shown ? 'Hide' : 'Show'}
          </Button>
          {key !== undefined && <CopyButton label="Copy the API key" text={() => key} />}
        </Group>
      </div>
      {show.isError && <Failure title="The key was not shown" error={show.error} />}
      <Group justify="space-between" mt="sm">
        <LastUse user={user} />
        <Button size="xs" variant="subtle" color="red" onClick={() => setReplacing(true)}>
          Replace the key
        </Button>
      </Group>
      {replacing && <ReplaceDialog onClose={() => setReplacing(false)} />}
    </Paper>
  );
};

const LastUse = ({ user }: { user: Me }) => {
  const now = useNow();
  const { api_key_last_used_at: at, api_key_last_used_ip: ip } = user;
  return (
    <Text size="sm" c="dimmed">
      Made {ago(Date.parse(user.api_key_created_at), now)};{' '}
      {at === null ? (
        'no agent has used it yet'
      ) : (
        <span title={localTime(at)}>
          last used by an agent {ago(Date.parse(at), now)}
          {ip === null ? '' : ` from ${ip}`}
        </span>
      )}
    </Text>
  );
};

const ReplaceDialog = ({ onClose }: { onClose: () => void }) => {
  const replace = useRegenerateApiKey();
  return (
    <ConfirmDialog
      title="Replace the API key?"
      keep="Keep the key"
      confirm="Replace it"
      pending={replace.isPending}
      failed="The key was not replaced"
      error={replace.error}
      onClose={onClose}
      onConfirm={() => replace.mutate(undefined, { onSuccess: onClose })}
    >
      <Alert color="red" variant="light">
        All your machines that were added with the present key are cut off at once, with their terminals, until each
        agent is configured with the new key.
      </Alert>
      <Text size="sm">Do this when somebody else may know the key.</Text>
    </ConfirmDialog>
  );
};
