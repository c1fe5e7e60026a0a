import { ActionIcon, Group, NativeSelect, Switch, Text } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { stepped } from './preferences.ts';

/** A setting that is on or off. */
export const Choice = (props: {
  label: string;
  description?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) => (
  <Switch
    w="100%"
    labelPosition="left"
    styles={{ body: { justifyContent: 'space-between' } }}
    label={props.label}
    description={props.description}
    checked={props.checked}
    onChange={(event) => props.onChange(event.currentTarget.checked)}
  />
);

/** A setting with a few values. */
export const Selection = <Value extends string>(props: {
  label: string;
  description?: string;
  value: Value;
  /** Label of each value. */
  options: Readonly<Record<Value, string>>;
  onChange: (value: Value) => void;
}) => {
  const isValue = (text: string): text is Value => Object.hasOwn(props.options, text);
  return (
    <Setting label={props.label} description={props.description}>
      <NativeSelect
        size="xs"
        // As wide as its values: the description beside it wraps.
        flex="none"
        maw="11rem"
        aria-label={props.label}
        value={props.value}
        data={Object.keys(props.options)
          .filter(isValue)
          .map((value) => ({ value, label: props.options[value] }))}
        onChange={({ currentTarget: { value } }) => isValue(value) && props.onChange(value)}
      />
    </Setting>
  );
};

/** A number that is changed step by step. `smaller`, `larger`: the names of the two buttons. */
export const Stepper = (props: {
  label: string;
  value: number;
  bounds: { smallest: number; largest: number; step?: number };
  smaller: string;
  larger: string;
  onChange: (value: number) => void;
}) => {
  const { value, bounds } = props;
  const step = (steps: number): void => props.onChange(stepped(value, steps, bounds));
  return (
    <Setting label={props.label}>
      <Group gap={6} wrap="nowrap">
        <ActionIcon
          variant="default"
          aria-label={props.smaller}
          disabled={value <= bounds.smallest}
          onClick={() => step(-1)}
        >
          <IconMinus size={15} />
        </ActionIcon>
        <Text size="sm" w={28} ta="center" aria-live="polite">
          {value}
        </Text>
        <ActionIcon
          variant="default"
          aria-label={props.larger}
          disabled={value >= bounds.largest}
          onClick={() => step(1)}
        >
          <IconPlus size={15} />
        </ActionIcon>
      </Group>
    </Setting>
  );
};

/** A row: the name of a setting, and its control. */
export const Setting = (props: { label: string; description?: string | undefined; children: ReactNode }) => (
  <Group justify="space-between" wrap="nowrap" align="flex-start">
    <div>
      <Text size="sm">{props.label}</Text>
      {props.description !== undefined && (
        <Text size="xs" c="dimmed">
          {props.description}
        </Text>
      )}
    </div>
    {props.children}
  </Group>
);
