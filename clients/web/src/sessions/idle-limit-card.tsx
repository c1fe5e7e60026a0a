import { Button, Group, NumberInput, Paper, Stack, Text, Title } from '@mantine/core';
import { idleHours, type SessionLimits } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { useChangeSessionLimits, useSessionLimits } from './session-queries.ts';

/** How long shells may be unused in this installation. For administrators. */
export const IdleLimitCard = ({ className }: { className?: string | undefined }) => {
  const limits = useSessionLimits();
  return (
    <Paper mt="lg" className={className ?? ''} component="section" aria-label="Limit for unused shells">
      <Title order={2} size="h5" mb="xs">
        Shells that nobody uses
      </Title>
      {limits.isError && (
        <Failure title="The limit could not be loaded" error={limits.error} onRetry={() => void limits.refetch()} />
      )}
      {limits.data !== undefined && <LimitForm key={JSON.stringify(limits.data)} limits={limits.data} />}
    </Paper>
  );
};

const LimitForm = ({ limits }: { limits: SessionLimits }) => {
  const change = useChangeSessionLimits();
  const [hours, setHours] = useState<number | ''>(limits.idle_hours ?? '');
  const idle_hours = hours === '' ? null : hours;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ idle_hours });
      }}
    >
      <Stack gap="xs">
        <Group align="flex-end">
          <NumberInput
            label="End after hours without use"
            placeholder="Never"
            min={idleHours.smallest}
            max={idleHours.largest}
            decimalScale={2}
            value={hours}
            onChange={(value) => setHours(typeof value === 'number' ? value : '')}
          />
          <Button type="submit" disabled={idle_hours === limits.idle_hours} loading={change.isPending}>
            Save
          </Button>
        </Group>
        <Text size="sm" c="dimmed">
          A shell is used while somebody types, something is printed or a program runs in the foreground. Its viewers
          are warned 5 minutes before it ends. A machine may have a shorter limit (<code>idle_hours</code> in
          agent.yaml).
        </Text>
        {change.isError && <Failure title="It could not be saved" error={change.error} />}
      </Stack>
    </form>
  );
};
