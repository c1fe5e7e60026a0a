import { ActionIcon, Kbd, Menu } from '@mantine/core';
import {
  IconAdjustmentsHorizontal,
  IconCopy,
  IconDeviceFloppy,
  IconDotsVertical,
  IconEraser,
  IconFolder,
  IconKeyboard,
  IconMaximize,
  IconSearch,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { isMac } from './platform.ts';

/** Menu of the terminal: what can be done with its output, the settings, and the list of shortcuts. */
export const TerminalMenu = (props: {
  onSearch: () => void;
  onCopyOutput: () => void;
  onClear: () => void;
  onSave: () => void;
  onCopy: (as: 'html' | 'trimmed') => void;
  onSettings: () => void;
  onKeys: () => void;
  /** Undefined: the browser has no full screen for pages. */
  onFullScreen: (() => void) | undefined;
  isFull: boolean;
  /** The page of the machine's files. */
  filesAddress: string;
}) => (
  <Menu position="bottom-end" width={290} shadow="md" radius="md">
    <Menu.Target>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Terminal menu">
        <IconDotsVertical size={19} stroke={1.8} />
      </ActionIcon>
    </Menu.Target>
    <Menu.Dropdown>
      <Menu.Item leftSection={<IconSearch size={16} />} rightSection={<Keys keys="Shift F" />} onClick={props.onSearch}>
        Find
      </Menu.Item>
      <Menu.Item leftSection={<IconCopy size={16} />} onClick={props.onCopyOutput}>
        {copyOutputLabel}
      </Menu.Item>
      <Menu.Item leftSection={<IconDeviceFloppy size={16} />} onClick={props.onSave}>
        Save the output as text
      </Menu.Item>
      {copyLabels.map(([as, label]) => (
        <Menu.Item key={as} leftSection={<IconCopy size={16} />} onClick={() => props.onCopy(as)}>
          {label}
        </Menu.Item>
      ))}
      <Menu.Item leftSection={<IconEraser size={16} />} onClick={props.onClear}>
        Clear the scrollback
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item component={Link} to={props.filesAddress} leftSection={<IconFolder size={16} />}>
        Files of this machine
      </Menu.Item>
      {props.onFullScreen !== undefined && (
        <Menu.Item leftSection={<IconMaximize size={16} />} onClick={props.onFullScreen}>
          {fullScreenLabel(props.isFull)}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconAdjustmentsHorizontal size={16} />} onClick={props.onSettings}>
        Settings
      </Menu.Item>
      <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<Keys keys="Shift ?" />} onClick={props.onKeys}>
        Keyboard shortcuts
      </Menu.Item>
    </Menu.Dropdown>
  </Menu>
);

export const copyOutputLabel = 'Copy the output of the last command';
/** Ways to copy the selection, or all output if nothing is selected. */
export const copyLabels = [
  ['html', 'Copy as HTML, with colours'],
  ['trimmed', 'Copy without trailing spaces'],
] as const;

export const fullScreenLabel = (isFull: boolean): string => (isFull ? 'Leave full screen' : 'Full screen');

const Keys = ({ keys }: { keys: string }) => <Kbd size="xs">{`${isMac() ? 'Cmd' : 'Ctrl'} ${keys}`}</Kbd>;
