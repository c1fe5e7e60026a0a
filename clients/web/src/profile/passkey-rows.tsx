import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import type { Passkey } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { ago, localTime } from '../layout/format.ts';
import { useNow } from '../machines/now.ts';
import { useRemovePasskey, useRenamePasskey } from './own-account-queries.ts';
import classes from './profile-page.module.css';
import { RemoveFactorDialog } from './remove-factor-dialog.tsx';

/** A passkey in the list of second factors. `last`: without it the password alone signs in. */
export const PasskeyRow = ({ passkey, last }: { passkey: Passkey; last: boolean }) => {
  const now = useNow();
  const [dialog, setDialog] = useState<'rename' | 'remove'>();
  const close = (): void => setDialog(undefined);
  const { name, added_at, last_used_at, synced } = passkey;
  return (
    <li className={classes.row}>
      <IconFingerprint size={20} stroke={1.6} aria-hidden />
      <div className={classes.rowText}>
        <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          Passkey{synced ? ', synced' : ''} · added {localTime(added_at)} ·{' '}
          {last_used_at === null ? 'never used' : `used ${ago(Date.parse(last_used_at), now)}`}
        </Text>
      </div>
      <Group gap={4} wrap="nowrap">
        <Button size="xs" variant="default" aria-label={`Rename ${name}`} onClick={() => setDialog('rename')}>
          Rename
        </Button>
        <Button
          size="xs"
          variant="subtle"
          color="red"
          aria-label={`Remove ${name}`}
          onClick={() => setDialog('remove')}
        >
          Remove
        </Button>
      </Group>
      {dialog === 'rename' && <RenameDialog passkey={passkey} onClose={close} />}
      {dialog === 'remove' && <RemoveDialog passkey={passkey} last={last} onClose={close} />}
    </li>
  );
};

const RenameDialog = ({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) => {
  const rename = useRenamePasskey();
  const [name, setName] = useState(passkey.name);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Rename the passkey</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate({ id: passkey.id, name }, { onSuccess: onClose });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            data-autofocus
            required
            withAsterisk={false}
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {rename.isError && <Failure title="The passkey was not renamed" error={rename.error} />}
          <FormButtons submit="Save" pending={rename.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};

const RemoveDialog = ({ passkey, last, onClose }: { passkey: Passkey; last: boolean; onClose: () => void }) => {
  const remove = useRemovePasskey();
  return (
    <RemoveFactorDialog
      title={`Remove ${passkey.name}?`}
      stays={
        last
          ? undefined
          : 'You can no longer sign in with it. Remove it on the device too, or it is still offered there.'
      }
      remove={remove}
      onConfirm={() => remove.mutate(passkey.id, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
};
