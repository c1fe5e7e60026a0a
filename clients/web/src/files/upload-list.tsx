import { ActionIcon, Button, Group, Paper, Progress, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { byteSize } from '../layout/format.ts';
import { shownName } from './file-names.ts';
import classes from './files-page.module.css';
import type { Upload, UploadQueue } from './upload-queue.ts';

/** Rows that are shown at once. */
const maxRows = 50;

/** The uploads of the page, with their progress and questions. Empty: nothing is shown. */
export const UploadList = ({ queue }: { queue: UploadQueue }) => {
  const uploads = useSyncExternalStore(queue.subscribe, () => queue.uploads);
  if (uploads.length === 0) return null;
  const left = uploads.filter(({ state }) => state !== 'done');
  const open = left.length;
  const asking = uploads.filter(({ state }) => state === 'asking').length;
  const shown = uploads.length <= maxRows ? uploads : left.slice(0, maxRows);
  return (
    <Paper withBorder radius="md" px="md" py="xs" component="section" aria-label="Uploads">
      <Group justify="space-between">
        <Text fw={600} size="sm" role="status">
          {open === 0 ? 'All uploads are done' : `${open} of ${uploads.length} uploads left`}
        </Text>
        {open === 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => queue.removeAll()}>
            Clear the list
          </Button>
        )}
      </Group>
      {asking > 1 && (
        <Group gap="xs" role="group" aria-label="All questions">
          <Text size="sm">{asking} files are there already.</Text>
          <Button size="compact-xs" color="red" onClick={() => queue.replaceAll()}>
            Replace all
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => queue.keepAll()}>
            Keep all
          </Button>
        </Group>
      )}
      <ul className={classes.uploads}>
        {shown.map((upload) => (
          <Row key={upload.id} upload={upload} queue={queue} />
        ))}
      </ul>
      {open > shown.length && (
        <Text size="xs" c="dimmed">
          and {open - shown.length} more
        </Text>
      )}
    </Paper>
  );
};

const Row = ({ upload, queue }: { upload: Upload; queue: UploadQueue }) => {
  const { id, name, size, sent, state, error } = upload;
  const shown = shownName(name);
  const percent = size === 0 ? (state === 'done' ? 100 : 0) : (100 * sent) / size;
  return (
    <li className={classes.upload}>
      <Group gap="sm" wrap="nowrap" justify="space-between">
        <Text size="sm" truncate>
          {shown}
        </Text>
        <Group gap={6} wrap="nowrap">
          <Text size="xs" c="dimmed" className={classes.number}>
            {state === 'running' ? `${byteSize(sent)} of ${byteSize(size)}` : wordOf(upload)}
          </Text>
          {state !== 'done' && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Cancel the upload of ${shown}`}
              onClick={() => queue.remove(id)}
            >
              <IconX size={15} />
            </ActionIcon>
          )}
        </Group>
      </Group>
      {(state === 'running' || state === 'done') && (
        <Progress
          value={percent}
          size="xs"
          mt={4}
          {...(state === 'done' && { color: 'green' })}
          aria-label={`Upload of ${shown}`}
        />
      )}
      {state === 'asking' && (
        <Group gap="xs" mt={4} role="group" aria-label={`Replace ${shown}?`}>
          <Text size="sm">There is already a file of this name.</Text>
          <Button size="compact-xs" color="red" onClick={() => queue.replace(id)}>
            Replace it
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => queue.remove(id)}>
            Keep it
          </Button>
        </Group>
      )}
      {error !== undefined && (
        <Group gap="xs" mt={4} role="alert">
          <Text size="sm" c="var(--mantine-color-error)">
            {error.message}
          </Text>
          <Button size="compact-xs" variant="default" onClick={() => queue.retry(id)}>
            Try again
          </Button>
        </Group>
      )}
    </li>
  );
};

const wordOf = ({ state, size }: Upload): string => {
  if (state === 'waiting') return 'waits';
  if (state === 'asking') return 'waits for your answer';
  return state === 'failed' ? 'failed' : byteSize(size);
};
