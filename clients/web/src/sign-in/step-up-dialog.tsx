import { Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import { FormButtons } from '../layout/form-buttons.tsx';
import { accountErrors } from './account-errors.ts';
import { CodeField } from './code-field.tsx';
import { passkeysHere } from './passkey.ts';
import { PasskeyButton } from './passkey-button.tsx';
import type { StepUp } from './step-up.ts';

/** Asks for a code while a call waits for the confirmation of this sign-in. */
export const StepUpDialog = ({ stepUp }: { stepUp: StepUp }) => {
  const asked = useSyncExternalStore(stepUp.subscribe, () => stepUp.asked);
  return asked && <Question stepUp={stepUp} />;
};

const Question = ({ stepUp }: { stepUp: StepUp }) => {
  const methods = useQuery({ queryKey: ['step-up-methods'], queryFn: () => stepUp.methods(), gcTime: 0, retry: false });
  const passkey = methods.data?.passkey;
  const withApp = methods.data?.methods.includes('totp') ?? true;
  const [code, setCode] = useState('');
  const [error, setError] = useState<string>();
  const [pending, setPending] = useState(false);
  const submit = async (): Promise<void> => {
    setPending(true);
    try {
      await stepUp.confirm(code);
    } catch (failure) {
      const { byField, general } = accountErrors(failure, ['code']);
      setError(byField.code ?? general);
      setPending(false);
    }
  };
  return (
    <Modal opened onClose={() => stepUp.cancel()} title={<Text fw={650}>Confirm that it is you</Text>}>
      {passkey !== undefined && passkeysHere(passkey.options.rpId) && (
        <Stack mb="md">
          <PasskeyButton label="Use a passkey" onUse={() => stepUp.confirmWithPasskey(passkey)} />
        </Stack>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack>
          <Text size="sm">
            {withApp
              ? 'This needs your second factor. Enter a code of your authenticator app.'
              : 'This needs your second factor.'}{' '}
            You are not asked again for 10 minutes.
          </Text>
          <CodeField
            label={withApp ? 'Code' : 'Recovery code'}
            {...(withApp ? { description: 'Or one of your recovery codes' } : {})}
            data-autofocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            error={error}
          />
          <FormButtons submit="Confirm" pending={pending} onCancel={() => stepUp.cancel()} />
        </Stack>
      </form>
    </Modal>
  );
};
