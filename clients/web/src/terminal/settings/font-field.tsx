import { Autocomplete } from '@mantine/core';
import { bundledFonts, isBundled } from './bundled-fonts.ts';
import { fontInstalled } from './font-installed.ts';

/** The font of the terminal, by its name: one of the page, or of this device. Says if there is none of this name. */
export const FontField = ({ name, onChange }: { name: string; onChange: (name: string) => void }) => (
  <Autocomplete
    label="Font"
    size="xs"
    placeholder="The usual fixed-width font"
    description={`${bundledFonts.join(', ')}, or a fixed-width font of this device`}
    maxLength={60}
    data={[...bundledFonts]}
    // All are offered, whatever is chosen.
    filter={({ options }) => options}
    clearable
    clearButtonProps={{ 'aria-label': 'Use the usual font' }}
    value={name}
    error={
      name !== '' && !isBundled(name) && !fontInstalled(name) ? 'This device has no font of this name.' : undefined
    }
    onChange={(value) => onChange(value.replaceAll(/[^\p{L}\p{N} ._-]/gu, ''))}
  />
);
