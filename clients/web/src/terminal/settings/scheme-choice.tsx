import { Button, FileButton, Radio, SimpleGrid, Text, useComputedColorScheme } from '@mantine/core';
import type { ITheme } from '@xterm/xterm';
import { useState } from 'react';
import { builtInIds, builtInSchemes, type SchemeId, schemeIds, themeFor } from './color-schemes.ts';
import { importScheme, maxSchemeBytes } from './import-scheme.ts';
import type { Preferences } from './preferences.ts';
import classes from './scheme-choice.module.css';

/** Chooses the colours of the terminal, each shown by a sample, or reads them from a file. */
export const SchemeChoice = (props: { preferences: Preferences; onChange: (preferences: Preferences) => void }) => {
  const { preferences, onChange } = props;
  const page = useComputedColorScheme('light');
  const [failed, setFailed] = useState<string>();
  const { importedScheme } = preferences;
  const names: Readonly<Partial<Record<SchemeId, string>>> = {
    page: 'Light or dark, as the page',
    ...(importedScheme !== undefined && { imported: importedScheme.name }),
    ...Object.fromEntries(builtInIds.map((id) => [id, builtInSchemes[id].name])),
  };
  const read = async (file: File | null): Promise<void> => {
    if (file === null) return;
    const scheme = file.size > maxSchemeBytes ? undefined : importScheme(await file.text(), file.name);
    setFailed(
      scheme === undefined
        ? `${file.name} is no colour scheme with 16 colours, a background and a foreground. Choose an .itermcolors file, a scheme of Windows Terminal, or a theme of VS Code.`
        : undefined,
    );
    if (scheme !== undefined) onChange({ ...preferences, colorScheme: 'imported', importedScheme: scheme });
  };
  return (
    <>
      <Radio.Group
        aria-label="Colours"
        value={preferences.colorScheme}
        onChange={(value) => {
          const colorScheme = schemeIds.find((id) => id === value);
          if (colorScheme !== undefined) onChange({ ...preferences, colorScheme });
        }}
      >
        <SimpleGrid cols={2} spacing={6} verticalSpacing={6}>
          {schemeIds.map((id) => {
            const name = names[id];
            return name === undefined ? null : (
              <Radio.Card key={id} value={id} className={classes.card} aria-label={name}>
                <Sample theme={themeFor({ ...preferences, colorScheme: id }, page)} />
                <Text size="xs" truncate>
                  {name}
                </Text>
              </Radio.Card>
            );
          })}
        </SimpleGrid>
      </Radio.Group>
      <FileButton onChange={(file) => void read(file)} accept=".itermcolors,.json,.jsonc,application/json">
        {(button) => (
          <Button {...button} variant="default" size="xs">
            Import a scheme
          </Button>
        )}
      </FileButton>
      {failed !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {failed}
        </Text>
      )}
    </>
  );
};

const shown = ['red', 'yellow', 'green', 'cyan', 'blue', 'magenta'] as const;

/** The colour of text as a bar, and six colours, on their background. */
const Sample = ({ theme }: { theme: ITheme }) => (
  <div className={classes.sample} style={{ background: theme.background }} aria-hidden="true">
    <b style={{ background: theme.foreground }} />
    {shown.map((name) => (
      <i key={name} style={{ background: theme[name] }} />
    ))}
  </div>
);
