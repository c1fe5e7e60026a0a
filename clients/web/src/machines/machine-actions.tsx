import { Button, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPencil, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { Machine } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { useDeleteMachine, useUpdateMachine } from './manage-queries.ts';
import { ReinstallDialog } from './reinstall-dialog.tsx';
import { TagsField } from './tags-field.tsx';

/** Actions on a machine for users with the right `manage`. */
export const MachineActions = ({ machine }: { machine: Machine }) => {
  const [open, setOpen] = useState<'edit' | 'reinstall' | 'remove'>();
  const close = (): void => setOpen(undefined);
  return (
    <>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconPencil size={16} aria-hidden />}
        onClick={() => setOpen('edit')}
      >
        Edit
      </Button>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconRefresh size={16} aria-hidden />}
        onClick={() => setOpen('reinstall')}
      >
        Reinstall
      </Button>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setOpen('remove')}
      >
        Remove
      </Button>
      {open === 'edit' && <EditDialog machine={machine} onClose={close} />}
      {open === 'reinstall' && <ReinstallDialog machine={machine} onClose={close} />}
      {open === 'remove' && <RemoveDialog machine={machine} onClose={close} />}
    </>
  );
};

const EditDialog = ({ machine, onClose }: { machine: Machine; onClose: () => void }) => {
  const update = useUpdateMachine(machine.agent_id);
  const [name, setName] = useState(machine.name);
  const [description, setDescription] = useState(machine.description);
  const [tags, setTags] = useState(machine.tags);
  const change = {
    ...(name.trim() !== machine.name && { name }),
    ...(description !== machine.description && { description }),
    ...(tags.join('\n') !== machine.tags.join('\n') && { tags }),
  };
  const save = (): void => {
    if (Object.keys(change).length === 0) onClose();
    else update.mutate(change, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Edit {machine.name}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            maxLength={64}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label="Description"
            autosize
            maxLength={500}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <TagsField description="Enter ends a tag" value={tags} onChange={setTags} />
          {update.isError && <Failure title="It could not be saved" error={update.error} />}
          <FormButtons submit="Save" pending={update.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};

const RemoveDialog = ({ machine, onClose }: { machine: Machine; onClose: () => void }) => {
  const remove = useDeleteMachine(machine.agent_id);
  const navigate = useNavigate();
  const confirm = (): void => {
    // Not `onSuccess`, because the event of the removal may unmount this dialog before the response arrives.
    remove.mutateAsync().then(
      () => navigate({ to: '/' }),
      () => undefined,
    );
  };
  return (
    <ConfirmDialog
      title={`Remove ${machine.name}?`}
      keep="Keep it"
      confirm="Remove machine"
      pending={remove.isPending}
      failed="It could not be removed"
      error={remove.error}
      onClose={onClose}
      onConfirm={confirm}
    >
      <Text>
        This ends all terminals on the machine, removes all access to it, and stops its agent. Nothing is deleted on the
        machine itself. To add it again, configure its agent again.
      </Text>
    </ConfirmDialog>
  );
};
