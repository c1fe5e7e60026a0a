import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconBookmark, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { FormButtons } from '../layout/form-buttons.tsx';
import { type ListSettings, type MachineListView, withoutView, withView } from './list-settings.ts';

/** The views that this browser keeps: filters, order and page size under a name. */
export const SavedViews = (props: {
  view: MachineListView;
  settings: ListSettings;
  onView: (view: MachineListView) => void;
  onSettings: (settings: ListSettings) => void;
}) => {
  const { settings, onSettings } = props;
  const [saving, setSaving] = useState(false);
  return (
    <>
      <Menu position="bottom-start" shadow="md" radius="md" width={240}>
        <Menu.Target>
          <Button variant="default" size="sm" leftSection={<IconBookmark size={16} aria-hidden />}>
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {settings.views.length === 0 && (
            <Menu.Label>Save the filters and the order of this list, to come back to them.</Menu.Label>
          )}
          {settings.views.map(({ name, view }) => (
            <Group key={name} gap={4} wrap="nowrap">
              <Menu.Item onClick={() => props.onView(view)}>
                <Text size="sm" truncate maw={150}>
                  {name}
                </Text>
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete the view ${name}`}
                onClick={() => onSettings(withoutView(settings, name))}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} />} onClick={() => setSaving(true)}>
            Save this view
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {saving && (
        <SaveDialog
          taken={settings.views.map(({ name }) => name)}
          onClose={() => setSaving(false)}
          onSave={(name) => {
            onSettings(withView(settings, name, props.view));
            setSaving(false);
          }}
        />
      )}
    </>
  );
};

const SaveDialog = (props: { taken: readonly string[]; onClose: () => void; onSave: (name: string) => void }) => {
  const [name, setName] = useState('');
  const wanted = name.trim();
  return (
    <Modal opened onClose={props.onClose} title={<Text fw={650}>Save this view</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== '') props.onSave(wanted);
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            maxLength={60}
            data-autofocus
            description={props.taken.includes(wanted) ? 'Replaces the view of this name' : 'Kept in this browser'}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormButtons submit="Save" pending={false} onCancel={props.onClose} />
        </Stack>
      </form>
    </Modal>
  );
};
