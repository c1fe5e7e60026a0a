import { Button, Drawer, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Encoding, encodings } from '../encodings.ts';
import { isMac } from '../platform.ts';
import { Choice, Selection, Setting, Stepper } from './fields.tsx';
import { FontField } from './font-field.tsx';
import { NotificationChoice } from './notification-choice.tsx';
import {
  contrasts,
  defaultPreferences,
  fontSizes,
  letterSpacings,
  lineHeights,
  type Preferences,
  scrollbacks,
  scrollSpeeds,
} from './preferences.ts';
import { SchemeChoice } from './scheme-choice.tsx';
import type { TerminalPreferences } from './use-preferences.ts';

/** The settings of the terminal. Each change shows at once in the terminals beside it. */
export const SettingsDrawer = (props: {
  opened: boolean;
  settings: TerminalPreferences;
  /** Encoding of the programs in the active tab. */
  encoding: Encoding;
  onEncoding: (encoding: Encoding) => void;
  onClose: () => void;
  onGone: () => void;
}) => {
  const { preferences, change: onChange, onlyHere, setOnlyHere, failed } = props.settings;
  const set = (change: Partial<Preferences>): void => onChange({ ...preferences, ...change });
  return (
    <Drawer
      opened={props.opened}
      onClose={props.onClose}
      onExitTransitionEnd={props.onGone}
      position="right"
      size={380}
      withOverlay={false}
      lockScroll={false}
      title={<Text fw={650}>Terminal settings</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="xl" pb="xl">
        <Section title="Text">
          <FontField name={preferences.fontFamily} onChange={(fontFamily) => set({ fontFamily })} />
          <Choice
            label="Ligatures"
            description="Draws signs such as => and != as one, if the font can"
            checked={preferences.ligatures}
            onChange={(ligatures) => set({ ligatures })}
          />
          <Stepper
            label="Font size"
            value={preferences.fontSize}
            bounds={fontSizes}
            smaller="Smaller font"
            larger="Larger font"
            onChange={(fontSize) => set({ fontSize })}
          />
          <Stepper
            label="Line height"
            value={preferences.lineHeight}
            bounds={lineHeights}
            smaller="Lower lines"
            larger="Higher lines"
            onChange={(lineHeight) => set({ lineHeight })}
          />
          <Stepper
            label="Letter spacing"
            value={preferences.letterSpacing}
            bounds={letterSpacings}
            smaller="Narrower spacing"
            larger="Wider spacing"
            onChange={(letterSpacing) => set({ letterSpacing })}
          />
        </Section>
        <Section title="Colours">
          <SchemeChoice preferences={preferences} onChange={onChange} />
          <Selection
            label="Minimum contrast"
            description="Lightens or darkens text that is hard to read"
            value={String(preferences.contrast)}
            options={{ 1: 'As programs choose', 3: '3 : 1', 4.5: '4.5 : 1', 7: '7 : 1' }}
            onChange={(value) => set({ contrast: contrasts.find((contrast) => String(contrast) === value) ?? 1 })}
          />
        </Section>
        <Section title="Cursor, bell and notifications">
          <Selection
            label="Cursor"
            value={preferences.cursorStyle}
            options={{ block: 'Block', underline: 'Underline', bar: 'Bar' }}
            onChange={(cursorStyle) => set({ cursorStyle })}
          />
          <Choice
            label="Blinking cursor"
            checked={preferences.cursorBlink}
            onChange={(cursorBlink) => set({ cursorBlink })}
          />
          <Selection
            label="Bell"
            description="A tab in the background is marked in any case"
            value={preferences.bell}
            options={{ none: 'Off', flash: 'Flash', sound: 'Sound' }}
            onChange={(bell) => set({ bell })}
          />
          <NotificationChoice value={preferences.notifications} onChange={(notifications) => set({ notifications })} />
        </Section>
        <Section title="Keyboard and clipboard">
          {!isMac() && (
            <Choice
              label="Ctrl+V pastes"
              description="Off, it goes to the program, and Ctrl+Shift+V pastes. On, no program gets Ctrl+V"
              checked={preferences.controlVPastes}
              onChange={(controlVPastes) => set({ controlVPastes })}
            />
          )}
          {isMac() && (
            <Selection
              label="Option key as Meta"
              description="Sends Esc before the character. Otherwise Option types @ | ~ and the like"
              value={preferences.optionIsMeta}
              options={{ off: 'Off', left: 'Left Option', right: 'Right Option', both: 'Both' }}
              onChange={(optionIsMeta) => set({ optionIsMeta })}
            />
          )}
          <Selection
            label="Ask before pasting lines"
            description="Where needed: if the program would run each line at once"
            value={preferences.pasteQuestion}
            options={{ auto: 'Where needed', always: 'Always', never: 'Never' }}
            onChange={(pasteQuestion) => set({ pasteQuestion })}
          />
          <Choice
            label="Copy what is selected"
            description="As soon as the mouse button is released"
            checked={preferences.copyOnSelect}
            onChange={(copyOnSelect) => set({ copyOnSelect })}
          />
          <Setting label="Word separators" description="Where a double click ends">
            <TextInput
              size="xs"
              maw="11rem"
              aria-label="Word separators"
              maxLength={64}
              ff="monospace"
              value={preferences.wordSeparators}
              onChange={(event) => set({ wordSeparators: event.currentTarget.value })}
            />
          </Setting>
          <Choice
            label="Show typing at once"
            description="Dimmed until the machine has answered, when it is over 30 ms away"
            checked={preferences.prediction}
            onChange={(prediction) => set({ prediction })}
          />
        </Section>
        <Section title="Scrolling">
          <Selection
            label="Scrollback"
            description="More lines need more memory of the browser"
            value={String(preferences.scrollback)}
            options={{ 1000: '1,000 lines', 10000: '10,000 lines', 50000: '50,000 lines' }}
            onChange={(value) => set({ scrollback: scrollbacks.find((lines) => String(lines) === value) ?? 10_000 })}
          />
          <Stepper
            label="Wheel speed"
            value={preferences.scrollSpeed}
            bounds={scrollSpeeds}
            smaller="Slower wheel"
            larger="Faster wheel"
            onChange={(scrollSpeed) => set({ scrollSpeed })}
          />
        </Section>
        <Section title="Accessibility">
          <Choice
            label="Screen reader support"
            description="Slows down large outputs"
            checked={preferences.screenReader}
            onChange={(screenReader) => set({ screenReader })}
          />
        </Section>
        <Section title="This tab">
          <Selection
            label="Encoding of this tab"
            value={props.encoding}
            options={encodings}
            onChange={props.onEncoding}
          />
        </Section>
        <Button variant="default" onClick={() => onChange(defaultPreferences)}>
          Restore the defaults
        </Button>
        <Choice
          label="Only in this browser"
          description={
            onlyHere
              ? 'Your other browsers keep the settings of your account'
              : 'Off, your account keeps these settings for every browser'
          }
          checked={onlyHere}
          onChange={setOnlyHere}
        />
        {failed && (
          <Text size="xs" c="red" role="status">
            Your account has not stored the last change yet. It is tried again with the next change, and when the page
            opens again.
          </Text>
        )}
      </Stack>
    </Drawer>
  );
};

const Section = (props: { title: string; children: ReactNode }) => (
  <Stack component="section" gap="sm" aria-label={props.title}>
    <Text component="h2" size="sm" fw={650} c="dimmed">
      {props.title}
    </Text>
    {props.children}
  </Stack>
);
