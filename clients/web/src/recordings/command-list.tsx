import { Badge, Button, Code, Group, Paper, Stack, Table, Text, Title, UnstyledButton } from '@mantine/core';
import type { RecordedCommand, Recording } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import classes from './command-list.module.css';
import { clock } from './playback-time.ts';
import { useRecordedCommands } from './recording-queries.ts';

/** Rows that are added at once. */
const step = 200;

/** The commands of a recording, each of which the player moves to. Nothing if the shell marks none. */
export const CommandList = (props: { recording: Recording; ms: number; onMoment: (ms: number) => void }) => {
  const { recording, ms, onMoment } = props;
  const [shown, setShown] = useState(step);
  const found = useRecordedCommands(recording.recording_id, recording.index === 'ready');
  if (found.isError)
    return <Failure title="The commands could not be read" error={found.error} onRetry={() => void found.refetch()} />;
  const { commands = [], cut = false } = found.data ?? {};
  if (commands.length === 0) return null;
  // Several may begin in the same millisecond.
  const numbered = commands.map((command, number) => ({ number, command }));
  const current = commands.findLast((command) => command.ms <= ms);
  return (
    <Stack gap="xs" component="section" aria-label="Commands">
      <Title order={2} size="h4">
        Commands
      </Title>
      <Text size="sm" c="dimmed">
        As the shell reported them.{cut && ' There are too many: the last ones are missing.'}
      </Text>
      <Paper withBorder radius="md" className={classes.list}>
        <Table verticalSpacing={6}>
          <Table.Tbody>
            {numbered.slice(0, shown).map(({ number, command }) => (
              <Row key={number} command={command} current={command === current} onMoment={onMoment} />
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      {commands.length > shown && (
        <Group justify="center">
          <Button size="xs" variant="default" onClick={() => setShown(shown + step)}>
            {`Show more of ${commands.length}`}
          </Button>
        </Group>
      )}
    </Stack>
  );
};

const Row = (props: { command: RecordedCommand; current: boolean; onMoment: (ms: number) => void }) => {
  const { ms, text, ended_ms, exit_code } = props.command;
  const lasted = ended_ms === null ? undefined : ended_ms - ms;
  return (
    <Table.Tr data-current={props.current} className={classes.row}>
      <Table.Td w={80}>
        <UnstyledButton className={classes.moment} onClick={() => props.onMoment(ms)} aria-label={`Go to ${clock(ms)}`}>
          {clock(ms)}
        </UnstyledButton>
      </Table.Td>
      <Table.Td>
        <Code className={classes.text}>{text}</Code>
      </Table.Td>
      <Table.Td w={90}>
        <Text size="sm" c="dimmed">
          {lasted !== undefined && lasted >= 1000 && clock(lasted)}
        </Text>
      </Table.Td>
      <Table.Td w={90}>
        {exit_code !== null && exit_code !== 0 && <Badge color="red">{`exit ${exit_code}`}</Badge>}
      </Table.Td>
    </Table.Tr>
  );
};
