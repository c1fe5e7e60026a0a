import { Modal, NativeSelect, NumberInput, Skeleton, Stack, Text } from '@mantine/core';
import { type FactorPolicy, FactorRequirement } from '@webxterm/contracts/rest';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { localTime } from '../layout/format.ts';
import { useChangeFactorPolicy, useFactorPolicy } from './user-queries.ts';

const labels: Readonly<Record<FactorRequirement, string>> = {
  off: 'Nobody',
  admins: 'Administrators',
  everyone: 'Everyone',
};

/** The policy for second factors, for administrators. */
export const FactorPolicyDialog = ({ onClose }: { onClose: () => void }) => {
  const policy = useFactorPolicy();
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Who needs a second factor?</Text>}>
      {policy.isPending && <Skeleton height={160} radius="md" role="status" aria-label="Loading the policy" />}
      {policy.isError && (
        <Failure title="The policy could not be loaded" error={policy.error} onRetry={() => void policy.refetch()} />
      )}
      {policy.data !== undefined && <PolicyForm policy={policy.data} onClose={onClose} />}
    </Modal>
  );
};

const PolicyForm = ({ policy, onClose }: { policy: FactorPolicy; onClose: () => void }) => {
  const change = useChangeFactorPolicy();
  const [required, setRequired] = useState(policy.required);
  const [grace, setGrace] = useState<number | ''>(policy.grace_days);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ required, grace_days: grace === '' ? 0 : grace }, { onSuccess: onClose });
      }}
    >
      <Stack>
        <NativeSelect
          label="Second factor required for"
          value={required}
          onChange={({ currentTarget: { value } }) => setRequired(FactorRequirement.parse(value))}
          data={FactorRequirement.options.map((value) => ({ value, label: labels[value] }))}
        />
        {required !== 'off' && (
          <NumberInput
            label="Days of grace"
            description="From the day on which the group was chosen. 0: at once."
            min={0}
            max={365}
            allowDecimal={false}
            value={grace}
            onChange={(value) => setGrace(typeof value === 'number' ? value : '')}
          />
        )}
        <Text size="sm" c="dimmed">
          {required === 'off'
            ? 'Users may set up a second factor, and need not.'
            : 'After the days of grace, a user without one can only set one up. Their access tokens are refused, and their terminals are detached; shells continue.'}
        </Text>
        <Text size="sm">
          {missingText(policy.missing, required)} {inForce(policy)}
        </Text>
        {change.isError && <Failure title="It could not be saved" error={change.error} />}
        <FormButtons submit="Save" pending={change.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
};

const missingText = ({ admins, everyone }: FactorPolicy['missing'], required: FactorRequirement): string => {
  const count = required === 'admins' ? admins : everyone;
  const noun = required === 'admins' ? 'administrator' : 'user';
  return `${count === 1 ? `1 ${noun} has` : `${count} ${noun}s have`} no second factor now.`;
};

const inForce = ({ required, admins_from, everyone_from }: FactorPolicy): string => {
  const from = required === 'admins' ? admins_from : everyone_from;
  if (from === null) return '';
  return Date.parse(from) <= Date.now() ? 'The requirement is in force.' : `In force from ${localTime(from)}.`;
};
