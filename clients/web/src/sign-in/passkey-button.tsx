import { Alert, Button } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useState } from 'react';
import { accountErrors } from './account-errors.ts';

interface PasskeyButtonProps {
  readonly label: string;
  readonly onUse: () => Promise<void>;
  readonly autoFocus?: boolean;
}

/** Uses a passkey, and shows why it failed. */
export const PasskeyButton = ({ label, onUse, autoFocus = false }: PasskeyButtonProps) => {
  const [failure, setFailure] = useState<string>();
  const [pending, setPending] = useState(false);
  const use = async (): Promise<void> => {
    setPending(true);
    setFailure(undefined);
    try {
      await onUse();
    } catch (error) {
      setFailure(accountErrors(error, []).general);
    } finally {
      setPending(false);
    }
  };
  return (
    <>
      {failure !== undefined && (
        <Alert role="alert" color="red" variant="light">
          {failure}
        </Alert>
      )}
      <Button
        variant="default"
        size="md"
        leftSection={<IconFingerprint size={19} stroke={1.7} aria-hidden />}
        loading={pending}
        data-autofocus={autoFocus || undefined}
        onClick={() => void use()}
      >
        {label}
      </Button>
    </>
  );
};
