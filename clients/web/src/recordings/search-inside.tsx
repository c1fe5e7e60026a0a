import { Button, Stack, Text } from '@mantine/core';
import type { Recording } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { clock } from './playback-time.ts';
import { RecordingHits } from './recording-hits.tsx';
import { useRecordingHits } from './recording-queries.ts';
import { WordsField } from './words-field.tsx';

/** Searches the recording that is played. */
export const SearchInside = ({ recording, onMoment }: { recording: Recording; onMoment: (ms: number) => void }) => {
  const [words, setWords] = useState<string>();
  const found = useRecordingHits(words === undefined ? undefined : { q: words, recording_id: recording.recording_id });
  if (recording.index !== 'ready')
    return (
      <Text size="sm" c="dimmed">
        {recording.index === 'failed'
          ? 'The lines of this recording could not be read, so it cannot be searched.'
          : 'It can be searched shortly after its end.'}
      </Text>
    );
  return (
    <Stack gap="sm">
      <WordsField label="Search in this recording" words={words} onSearch={setWords} />
      {recording.lines_cut && (
        <Text size="sm" c="dimmed">
          The last lines cannot be found, because there are too many.
        </Text>
      )}
      {words !== undefined && (
        <RecordingHits
          found={found}
          heading={({ ms }) => (
            <Button size="compact-sm" variant="light" onClick={() => onMoment(ms)}>
              Go to {clock(ms)}
            </Button>
          )}
        />
      )}
    </Stack>
  );
};
