import { Badge, Button, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { Run, RunGroup } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { type TargetFilter, useRunGroups } from './run-queries.ts';
import { machineCount, targetWords } from './run-words.ts';
import classes from './runs.module.css';

/** Equal answers together, the most frequent first. */
export const RunGroups = ({ run, onFilter }: { run: Run; onFilter: (filter: TargetFilter) => void }) => {
  const { data: groups, error, isError, refetch } = useRunGroups(run.run_id);
  if (groups === undefined && isError)
    return <Failure title="Equal answers could not be loaded" error={error} onRetry={() => void refetch()} />;
  if (groups === undefined || groups.groups.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label="Equal answers">
      <Title order={2} size="h4">
        {groups.groups.length === 1 ? 'One answer' : `${groups.groups.length} different answers`}
      </Title>
      <div className={classes.groups}>
        {groups.groups.map((group, at) => (
          <Answer key={group.output_hash} group={group} isFirst={at === 0} onFilter={onFilter} />
        ))}
      </div>
      {groups.more && <Text size="sm">There are more answers. The download contains all of them.</Text>}
    </Stack>
  );
};

interface AnswerProps {
  readonly group: RunGroup;
  readonly isFirst: boolean;
  readonly onFilter: (filter: TargetFilter) => void;
}

const Answer = ({ group, isFirst, onFilter }: AnswerProps) => {
  const { text, color } = targetWords(group);
  const count = machineCount(group.count);
  return (
    <Paper withBorder radius="md" p="sm" className={classes.group}>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Text fw={650}>{count}</Text>
            {isFirst && group.count > 1 && (
              <Text size="xs" c="dimmed">
                most frequent
              </Text>
            )}
          </Group>
          <Badge color={color} variant="light" miw="max-content">
            {text}
          </Badge>
        </Group>
        {group.preview !== null && group.preview !== '' && (
          <Code block className={classes.preview} tabIndex={0} role="region" aria-label={`Answer of ${count}`}>
            {group.preview}
          </Code>
        )}
        {group.preview === '' && (
          <Text size="sm" c="dimmed">
            No output
          </Text>
        )}
        <Group>
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Show machines: ${count} with this answer`}
            onClick={() => onFilter({ output: group.output_hash })}
          >
            Show machines
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
};
