import { Button, CloseButton, Group, List, Paper, Stack, TagsInput, Text } from '@mantine/core';
import { IconPlayerPlay, IconRefresh, IconTags, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { Machine } from '@webxterm/contracts/rest';
import type { Right } from '@webxterm/contracts/rights';
import { useState } from 'react';
import { ConfirmDialog } from '../layout/confirm-dialog.tsx';
import { type BulkAction, type BulkResult, useBulkChange } from './bulk-queries.ts';

interface BulkBarProps {
  readonly machines: readonly Machine[];
  /** The rights that the user has on all of them. */
  readonly rights: readonly Right[];
  readonly onClear: () => void;
}

/** Actions for the machines that are selected in the list. */
export const BulkBar = ({ machines, rights, onClear }: BulkBarProps) => {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<BulkAction['kind']>();
  const [result, setResult] = useState<{ action: BulkAction['kind']; failed: BulkResult['failed'] }>();
  const count = machines.length === 1 ? '1 machine' : `${machines.length} machines`;
  return (
    <Paper component="section" aria-label="Selected machines" withBorder p="xs" mb="sm" radius="md">
      <Group gap="xs">
        <Text size="sm" fw={600} role="status">
          {count} selected
        </Text>
        {rights.includes('command') && (
          <Button
            size="xs"
            leftSection={<IconPlayerPlay size={15} aria-hidden />}
            onClick={() => {
              const runMachines = machines.map(({ agent_id, name }) => ({ agent_id, name }));
              void navigate({ to: '/runs/new', state: { runMachines } });
            }}
          >
            Run a command
          </Button>
        )}
        {rights.includes('manage') && (
          <>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconTags size={15} aria-hidden />}
              onClick={() => setAsking('tag')}
            >
              Add tags
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsking('untag')}>
              Remove tags
            </Button>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={15} aria-hidden />}
              onClick={() => setAsking('update')}
            >
              Update the agent
            </Button>
            <Button
              size="xs"
              variant="default"
              c="var(--mantine-color-error)"
              leftSection={<IconTrash size={15} aria-hidden />}
              onClick={() => setAsking('remove')}
            >
              Remove
            </Button>
          </>
        )}
        {!rights.includes('command') && !rights.includes('manage') && (
          <Text size="sm" c="dimmed">
            There is nothing that you may do with all of these.
          </Text>
        )}
        <CloseButton ml="auto" aria-label="Clear the selection" onClick={onClear} />
      </Group>
      {result !== undefined && result.failed.length > 0 && <Failures {...result} />}
      {asking !== undefined && (
        <BulkDialog
          kind={asking}
          machines={machines}
          count={count}
          onClose={() => setAsking(undefined)}
          onDone={({ failed }) => {
            setAsking(undefined);
            setResult({ action: asking, failed });
            if (failed.length === 0) onClear();
          }}
        />
      )}
    </Paper>
  );
};

const maxShown = 5;

const Failures = ({ failed }: { failed: BulkResult['failed'] }) => (
  <Stack gap={4} mt="xs" role="alert">
    <Text size="sm">
      {failed.length === 1 ? '1 machine was' : `${failed.length} machines were`} not changed. The others were.
    </Text>
    <List size="sm">
      {failed.slice(0, maxShown).map(({ machine, error }) => (
        <List.Item key={machine.agent_id}>
          {machine.name}: {error.message}
        </List.Item>
      ))}
    </List>
    {failed.length > maxShown && <Text size="sm">And {failed.length - maxShown} more.</Text>}
  </Stack>
);

const texts: Readonly<Record<BulkAction['kind'], { title: string; confirm: string; keep: string; text: string }>> = {
  tag: { title: 'Add tags to', confirm: 'Add tags', keep: 'Cancel', text: 'Enter ends a tag.' },
  untag: { title: 'Remove tags from', confirm: 'Remove tags', keep: 'Cancel', text: 'Enter ends a tag.' },
  update: {
    title: 'Update the agent of',
    confirm: 'Update',
    keep: 'Cancel',
    text: 'Each agent gets the version of its channel as soon as the roll-out allows it. Terminals stay open.',
  },
  remove: {
    title: 'Remove',
    confirm: 'Remove machines',
    keep: 'Keep them',
    text: 'This ends all terminals on these machines, removes all access to them, and stops their agents. Nothing is deleted on the machines themselves.',
  },
};

const BulkDialog = (props: {
  kind: BulkAction['kind'];
  machines: readonly Machine[];
  count: string;
  onClose: () => void;
  onDone: (result: BulkResult) => void;
}) => {
  const { kind, machines } = props;
  const bulk = useBulkChange();
  const [tags, setTags] = useState<string[]>([]);
  const { title, confirm, keep, text } = texts[kind];
  const action: BulkAction = kind === 'tag' || kind === 'untag' ? { kind, tags } : { kind };
  return (
    <ConfirmDialog
      title={`${title} ${props.count}${kind === 'remove' ? '?' : ''}`}
      keep={keep}
      confirm={confirm}
      danger={kind === 'remove'}
      pending={bulk.isPending}
      failed="The machines could not be changed"
      error={bulk.error}
      onClose={props.onClose}
      onConfirm={() => {
        if ('tags' in action && action.tags.length === 0) return;
        bulk.mutate({ machines, action }, { onSuccess: props.onDone });
      }}
    >
      <Text size="sm">{text}</Text>
      {'tags' in action && (
        <TagsInput
          label="Tags"
          maxTags={32}
          value={tags}
          onChange={setTags}
          data={kind === 'untag' ? [...new Set(machines.flatMap((machine) => machine.tags))] : []}
        />
      )}
    </ConfirmDialog>
  );
};
