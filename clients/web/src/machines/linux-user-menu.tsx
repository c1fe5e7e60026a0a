import { Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import { LinuxUserName } from '@webxterm/contracts/rest';
import { type ReactNode, useState } from 'react';

/** Whether there is something to choose. */
export const isChoice = (users: readonly string[]): boolean => users.length > 1;

interface LinuxUserMenuProps {
  /** The Linux users of the caller on the machine, the default first. */
  readonly users: readonly string[];
  readonly onChoose: (linuxUser: string) => void;
  /** The button that opens the menu. */
  readonly children: ReactNode;
}

/** The menu of the Linux users that a new shell may run as. */
export const LinuxUserMenu = ({ users, onChoose, children }: LinuxUserMenuProps) => {
  const [naming, setNaming] = useState(false);
  const named = users.filter((user) => user !== anyLinuxUser);
  return (
    <>
      <Menu position="bottom-end" shadow="md" radius="md" withinPortal>
        <Menu.Target>{children}</Menu.Target>
        <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
          <Menu.Label>New shell as</Menu.Label>
          {named.map((user, at) => (
            <Menu.Item
              key={user}
              onClick={() => onChoose(user)}
              rightSection={
                at === 0 && (
                  <Text size="xs" c="dimmed">
                    default
                  </Text>
                )
              }
            >
              {user}
            </Menu.Item>
          ))}
          {users.length > named.length && <Menu.Item onClick={() => setNaming(true)}>Another user…</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {naming && (
        <OtherUser
          onCancel={() => setNaming(false)}
          onChoose={(user) => {
            setNaming(false);
            onChoose(user);
          }}
        />
      )}
    </>
  );
};

/** Asks for an account that is not in the list, such as one of a directory. */
const OtherUser = ({ onChoose, onCancel }: { onChoose: (linuxUser: string) => void; onCancel: () => void }) => {
  const [text, setText] = useState('');
  const name = text.trim();
  const valid = LinuxUserName.safeParse(name).success;
  return (
    <Modal opened onClose={onCancel} title={<Text fw={650}>New shell as another user</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid) onChoose(name);
        }}
      >
        <Stack>
          <TextInput
            label="Linux user"
            description="A Linux user of the machine with a login shell. root only if it is in the list."
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
            value={text}
            error={name !== '' && !valid && 'This cannot be the name of a Linux user'}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
            <Button type="submit" disabled={!valid}>
              Open the shell
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
