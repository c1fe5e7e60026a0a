import { Button, Group, Paper, Text } from '@mantine/core';
import type { Grantee } from '@webxterm/contracts/rest';
import { UserPicture } from './user-picture.tsx';

/** Shows a user who was looked up, with their e-mail address, because names can look alike. */
export const PersonQuestion = (props: {
  label: string;
  person: Grantee;
  busy: boolean;
  onYes: (person: Grantee) => void;
  onCancel: () => void;
}) => (
  <Paper withBorder p="sm" radius="md" role="group" aria-label={props.label}>
    <Group justify="space-between" gap="sm">
      <Group gap="sm" wrap="nowrap" style={{ minWidth: 0 }}>
        <UserPicture name={props.person.username} url={props.person.avatar_url} />
        <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          <Text fw={600}>{props.person.username}</Text>
          <Text size="sm">{props.person.email}</Text>
        </div>
      </Group>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button size="xs" loading={props.busy} onClick={() => props.onYes(props.person)}>
          Yes, this user
        </Button>
      </Group>
    </Group>
  </Paper>
);
