import { ActionIcon, Group, Kbd, Menu, NativeSelect, Switch, Text } from '@mantine/core';
import { IconAdjustmentsHorizontal, IconKeyboard, IconMinus, IconPlus, IconSearch } from '@tabler/icons-react';
import { type Encoding, encodings } from './encodings.ts';
import { isMac } from './platform.ts';
import { fontSizeStep, fontSizes, type Preferences } from './preferences.ts';

/** Menu of the terminal: font size, search, and the list of shortcuts. */
export const TerminalMenu = (props: {
  preferences: Preferences;
  onChange: (preferences: Preferences) => void;
  /** Encoding of the programs in the active tab. */
  encoding: Encoding;
  onEncoding: (encoding: Encoding) => void;
  onSearch: () => void;
  onKeys: () => void;
}) => {
  const { preferences, onChange } = props;
  const zoom = (steps: number): void =>
    onChange({ ...preferences, fontSize: fontSizeStep(preferences.fontSize, steps) });
  return (
    <Menu position="bottom-end" width={290} shadow="md" radius="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Terminal settings">
          <IconAdjustmentsHorizontal size={19} stroke={1.8} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Group justify="space-between" px="sm" py={6}>
          <Text size="sm">Font size</Text>
          <Group gap={6}>
            <ActionIcon
              variant="default"
              aria-label="Smaller font"
              disabled={preferences.fontSize <= fontSizes.smallest}
              onClick={() => zoom(-1)}
            >
              <IconMinus size={15} />
            </ActionIcon>
            <Text size="sm" w={24} ta="center" aria-live="polite">
              {preferences.fontSize}
            </Text>
            <ActionIcon
              variant="default"
              aria-label="Larger font"
              disabled={preferences.fontSize >= fontSizes.largest}
              onClick={() => zoom(1)}
            >
              <IconPlus size={15} />
            </ActionIcon>
          </Group>
        </Group>
        <Choice
          label="Screen reader support"
          checked={preferences.screenReader}
          onChange={(screenReader) => onChange({ ...preferences, screenReader })}
        />
        <Choice
          label="Show typing at once"
          description="Dimmed until the machine has answered, when it is over 30 ms away"
          checked={preferences.prediction}
          onChange={(prediction) => onChange({ ...preferences, prediction })}
        />
        {!isMac() && (
          <Choice
            label="Ctrl+V pastes"
            description="Off, it goes to the program, and Ctrl+Shift+V pastes. On, no program gets Ctrl+V"
            checked={preferences.controlVPastes}
            onChange={(controlVPastes) => onChange({ ...preferences, controlVPastes })}
          />
        )}
        {isMac() && (
          <Selection
            label="Option key as Meta"
            description="Sends Esc before the character. Else Option types @ | ~ and the like"
            value={preferences.optionIsMeta}
            options={{ off: 'Off', left: 'Left Option', right: 'Right Option', both: 'Both' }}
            onChange={(optionIsMeta) => onChange({ ...preferences, optionIsMeta })}
          />
        )}
        <Selection
          label="Encoding of this tab"
          value={props.encoding}
          options={encodings}
          onChange={props.onEncoding}
        />
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconSearch size={16} />}
          rightSection={<Keys keys="Shift F" />}
          onClick={props.onSearch}
        >
          Find
        </Menu.Item>
        <Menu.Item
          leftSection={<IconKeyboard size={16} />}
          rightSection={<Keys keys="Shift ?" />}
          onClick={props.onKeys}
        >
          Keys of this page
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};

const Choice = (props: {
  label: string;
  description?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) => (
  <Group px="sm" py={6}>
    <Switch
      w="100%"
      labelPosition="left"
      styles={{ body: { justifyContent: 'space-between' } }}
      label={props.label}
      description={props.description}
      checked={props.checked}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  </Group>
);

const Selection = <Value extends string>(props: {
  label: string;
  description?: string;
  value: Value;
  /** Label of each value. */
  options: Readonly<Record<Value, string>>;
  onChange: (value: Value) => void;
}) => {
  const isValue = (text: string): text is Value => Object.hasOwn(props.options, text);
  return (
    <Group justify="space-between" wrap="nowrap" px="sm" py={6}>
      <div>
        <Text size="sm">{props.label}</Text>
        {props.description !== undefined && (
          <Text size="xs" c="dimmed">
            {props.description}
          </Text>
        )}
      </div>
      <NativeSelect
        size="xs"
        aria-label={props.label}
        value={props.value}
        data={Object.keys(props.options)
          .filter(isValue)
          .map((value) => ({ value, label: props.options[value] }))}
        onChange={({ currentTarget: { value } }) => isValue(value) && props.onChange(value)}
      />
    </Group>
  );
};

const Keys = ({ keys }: { keys: string }) => <Kbd size="xs">{`Ctrl ${keys}`}</Kbd>;
