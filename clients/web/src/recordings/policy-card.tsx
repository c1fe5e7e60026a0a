import { Button, Group, NativeSelect, NumberInput, Paper, Stack, Text, Title } from '@mantine/core';
import type { RecordingPolicy } from '@webxterm/contracts/rest';
import { RecordingPolicyMode } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { useChangeRecordingPolicy, useRecordingPolicy } from './recording-queries.ts';

const modes: Readonly<Record<RecordingPolicyMode, { label: string; text: string }>> = {
  off: { label: 'Off', text: 'Terminals are not recorded, unless the owner of a machine says so.' },
  on: {
    label: 'On',
    text: 'Terminals are recorded. Shells go on while the storage is away; what is missing is shown.',
  },
  required: {
    label: 'Required',
    text: 'A terminal that cannot be recorded is refused, and its shell waits while its output cannot be stored.',
  },
};

/** Whether the terminals of the installation are recorded, and for how long. For administrators. */
export const PolicyCard = () => {
  const policy = useRecordingPolicy(true);
  return (
    <Paper withBorder radius="md" p="md" component="section" aria-label="Recording policy">
      <Title order={2} size="h5" mb="xs">
        Policy of this installation
      </Title>
      {policy.isError && (
        <Failure title="The policy could not be loaded" error={policy.error} onRetry={() => void policy.refetch()} />
      )}
      {policy.data !== undefined && <PolicyForm key={JSON.stringify(policy.data)} policy={policy.data} />}
    </Paper>
  );
};

const PolicyForm = ({ policy }: { policy: RecordingPolicy }) => {
  const change = useChangeRecordingPolicy();
  const [mode, setMode] = useState(policy.mode);
  const [days, setDays] = useState<number | ''>(policy.keep_days ?? '');
  const keep_days = days === '' ? null : days;
  const changed = mode !== policy.mode || keep_days !== policy.keep_days;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ mode, keep_days });
      }}
    >
      <Stack gap="xs">
        <Group align="flex-end">
          <NativeSelect
            label="Record terminals"
            value={mode}
            onChange={({ currentTarget: { value } }) => setMode(RecordingPolicyMode.parse(value))}
            data={RecordingPolicyMode.options.map((value) => ({ value, label: modes[value].label }))}
          />
          <NumberInput
            label="Keep for days"
            placeholder="For ever"
            min={1}
            max={36_500}
            allowDecimal={false}
            value={days}
            onChange={(value) => setDays(typeof value === 'number' ? value : '')}
          />
          <Button type="submit" disabled={!changed} loading={change.isPending}>
            Save
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          {modes[mode].text} It applies to terminals that are opened from then on.
        </Text>
        {change.isError && <Failure title="It could not be saved" error={change.error} />}
      </Stack>
    </form>
  );
};
