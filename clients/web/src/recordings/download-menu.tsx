import { Button, Menu, Text } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import type { Recording } from '@webxterm/contracts/rest';
import type { RecordingFormat } from './recording-queries.ts';

interface DownloadMenuProps {
  readonly recording: Recording;
  readonly pending: boolean;
  readonly onPick: (format: RecordingFormat) => void;
}

/** Downloads a recording in one of its formats. */
export const DownloadMenu = ({ recording, pending, onPick }: DownloadMenuProps) => {
  const reason = withoutText(recording);
  return (
    <Menu position="bottom-end" width={270} shadow="md" radius="md">
      <Menu.Target>
        <Button
          variant="default"
          size="sm"
          leftSection={<IconDownload size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          loading={pending}
        >
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onPick('cast')}>
          Recording
          <Text size="xs" c="dimmed">
            asciicast, for asciinema and its players
          </Text>
        </Menu.Item>
        <Menu.Item disabled={reason !== undefined} onClick={() => onPick('text')}>
          Text
          <Text size="xs" c="dimmed">
            {reason ?? 'The lines that were shown'}
          </Text>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};

/** Why there is no text. Undefined: there is. */
const withoutText = ({ index }: Recording): string | undefined => {
  if (index === 'ready') return undefined;
  return index === 'failed' ? 'The lines could not be read.' : 'There shortly after the end of the session';
};
