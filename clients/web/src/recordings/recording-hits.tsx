import { Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import type { RecordingHit } from '@webxterm/contracts/rest';
import type { ReactNode } from 'react';
import { Failure } from '../layout/failure.tsx';
import classes from './recording-hits.module.css';
import type { useRecordingHits } from './recording-queries.ts';

/** The lines that a search has found, with the lines around them. */
export const RecordingHits = (props: {
  found: ReturnType<typeof useRecordingHits>;
  /** Where the line is, and what opens it. */
  heading: (hit: RecordingHit) => ReactNode;
}) => {
  const { found, heading } = props;
  const hits = found.data ?? [];
  if (found.isError)
    return (
      <Failure title="The recordings could not be searched" error={found.error} onRetry={() => void found.refetch()} />
    );
  if (found.isPending)
    return <Skeleton height={88} radius="md" role="status" aria-busy="true" aria-label="Searching" />;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {hits.length === 0 ? 'No line has all these words' : `${hits.length} ${hits.length === 1 ? 'line' : 'lines'}`}
        {found.hasNextPage && (hits.length === 0 ? ' in the newest recordings' : ', and perhaps more')}
      </Text>
      {hits.length > 0 && (
        <Paper withBorder radius="md" component="section" aria-label="Lines that were found">
          <ul className={classes.hits}>
            {hits.map((hit) => (
              <li key={`${hit.recording_id} ${hit.place}`} className={classes.hit}>
                {heading(hit)}
                <pre className={classes.lines}>
                  {hit.before.map((line) => `${line}\n`)}
                  <mark>{hit.text}</mark>
                  {hit.after.map((line) => `\n${line}`)}
                </pre>
              </li>
            ))}
          </ul>
        </Paper>
      )}
      {found.hasNextPage && (
        <Group justify="center">
          <Button
            size="xs"
            variant="default"
            loading={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            Search further
          </Button>
        </Group>
      )}
    </Stack>
  );
};
