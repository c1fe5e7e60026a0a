import { Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { createGroup, type Group } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { useCreateGroup, useUpdateGroup } from './group-queries.ts';

/** Creates a group, or changes the name and the description of one. */
export const GroupDialog = ({ group, onClose }: { group?: Group; onClose: () => void }) => (
  <Modal opened onClose={onClose} title={<Text fw={650}>{group === undefined ? 'Create group' : 'Rename group'}</Text>}>
    <Form group={group} onClose={onClose} />
  </Modal>
);

const Form = ({ group, onClose }: { group: Group | undefined; onClose: () => void }) => {
  const create = useCreateGroup();
  const update = useUpdateGroup(group?.group_id ?? '');
  const save = group === undefined ? create : update;
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: group?.name ?? '', description: group?.description ?? '' },
    validate: schemaResolver(createGroup.body, { sync: true }),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values, { onSuccess: onClose }))} noValidate>
      <Stack>
        <TextInput
          label="Name"
          data-autofocus
          autoComplete="off"
          required
          withAsterisk={false}
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <Textarea label="Description" autosize key={form.key('description')} {...form.getInputProps('description')} />
        {save.isError && <Failure title="The group was not saved" error={save.error} />}
        <FormButtons
          submit={group === undefined ? 'Create group' : 'Save'}
          pending={save.isPending}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
};
