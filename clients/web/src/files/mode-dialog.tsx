import { Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { joinPath } from '@webxterm/contracts/file-paths';
import type { FileEntry } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import type { InFolder } from './file-dialogs.tsx';
import { shownName } from './file-names.ts';
import { useChangeMode } from './file-queries.ts';
import { modeBits, modeOf, modeText } from './mode-bits.ts';

/** Asks for the permissions of a file or folder. */
export const ModeDialog = ({ place, folder, entry, onClose }: InFolder & { readonly entry: FileEntry }) => {
  const change = useChangeMode(place);
  const [text, setText] = useState(entry.mode);
  const mode = modeOf(text);
  const path = joinPath(folder, entry.name);
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Permissions of {shownName(entry.name)}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (mode !== undefined) change.mutate({ path, mode: modeText(mode) }, { onSuccess: onClose });
        }}
      >
        <Stack>
          {modeBits.map(({ name, bits }) => (
            <Group key={name} role="group" aria-label={name} gap="lg">
              <Text size="sm" w={60}>
                {name}
              </Text>
              {bits.map(({ label, bit }) => (
                <Checkbox
                  key={label}
                  label={label}
                  disabled={mode === undefined}
                  checked={((mode ?? 0) & bit) !== 0}
                  onChange={() => setText(modeText((mode ?? 0) ^ bit))}
                />
              ))}
            </Group>
          ))}
          <TextInput
            label="Octal"
            autoComplete="off"
            w={120}
            value={text}
            error={mode === undefined && '3 or 4 digits, 0 to 7'}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {change.error !== null && <Failure title="The permissions were not changed" error={change.error} />}
          <FormButtons submit="Change" pending={change.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
};
