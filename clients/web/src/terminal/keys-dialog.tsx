import { Kbd, Modal, Table, Text } from '@mantine/core';
import { isMac } from './platform.ts';

const control = isMac() ? 'Cmd' : 'Ctrl';

const keys: readonly (readonly [what: string, ...keys: string[]])[] = [
  ['New shell', 'Shift', 'Enter'],
  ['Shell to the right', 'Shift', '→'],
  ['Shell to the left', 'Shift', '←'],
  ['Split: another shell beside this one', 'Shift', 'D'],
  ['Command palette: terminals, machines, actions', 'Shift', 'K'],
  ['Find in the output', 'Shift', 'F'],
  ['Previous prompt, if the shell marks its prompts', 'Shift', 'Z'],
  ['Next prompt', 'Shift', 'X'],
  ['Copy the selection', 'Shift', 'C'],
  ['Paste', 'Shift', 'V'],
  ['Larger font', '+'],
  ['Smaller font', '−'],
  ['Default font size', '0'],
  ['Move the focus to the tabs', 'Shift', '↑'],
  ['Keyboard shortcuts', 'Shift', '?'],
];

/** Lists the keys that the page handles itself. */
export const KeysDialog = (props: {
  /** In full screen, the browser keeps no key. */
  hasAllKeys: boolean;
  opened: boolean;
  onClose: () => void;
  onGone: () => void;
}) => (
  <Modal
    opened={props.opened}
    onClose={props.onClose}
    onExitTransitionEnd={props.onGone}
    title="Keyboard shortcuts"
    radius="md"
    size="md"
  >
    <Table verticalSpacing={6} horizontalSpacing={4} withRowBorders={false}>
      <Table.Tbody>
        {keys.map(([what, ...pressed]) => (
          <Table.Tr key={what}>
            <Table.Td>{what}</Table.Td>
            <Table.Td ta="right">
              <Pressed keys={[control, ...pressed]} />
            </Table.Td>
          </Table.Tr>
        ))}
        {tabKeys.map(([what, pressed]) => (
          <Table.Tr key={what}>
            <Table.Td>{what}</Table.Td>
            <Table.Td ta="right">
              <Pressed keys={[pressed]} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
    <Text size="sm" c="dimmed" mt="sm">
      Every other key goes to the shell.{' '}
      {props.hasAllKeys
        ? 'In full screen (in the menu), so do those of the browser, such as Ctrl+W and Ctrl+T. Hold Esc to leave it.'
        : 'This browser keeps its own, such as Ctrl+W and Ctrl+T.'}
    </Text>
  </Modal>
);

const tabKeys: readonly (readonly [what: string, key: string])[] = [
  ['On a tab: rename it', 'F2'],
  ['On a tab: move it', 'Alt+← →'],
  ['On a tab: close it', 'Delete'],
  ['Select text while a program has the mouse', isMac() ? 'Option and drag' : 'Shift and drag'],
];

const Pressed = ({ keys: pressed }: { keys: readonly string[] }) => (
  <>
    {pressed.map((key) => (
      <Kbd key={key} size="sm" ml={4}>
        {key}
      </Kbd>
    ))}
  </>
);
