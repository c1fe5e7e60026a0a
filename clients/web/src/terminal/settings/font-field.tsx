import { TextInput } from '@mantine/core';
import { fontInstalled } from './font-installed.ts';

/** The font of the terminal, by its name. Says if this device does not have it. */
export const FontField = ({ name, onChange }: { name: string; onChange: (name: string) => void }) => (
  <TextInput
    label="Font"
    size="xs"
    placeholder="The usual fixed-width font"
    description="A fixed-width font of this device, such as JetBrains Mono"
    maxLength={60}
    value={name}
    error={name !== '' && !fontInstalled(name) ? 'This device has no font of this name.' : undefined}
    onChange={(event) => onChange(event.currentTarget.value.replaceAll(/[^\p{L}\p{N} ._-]/gu, ''))}
  />
);
