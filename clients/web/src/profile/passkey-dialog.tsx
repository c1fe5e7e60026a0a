import { Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { CurrentPasswordField } from './current-password-field.tsx';
import { useAddPasskey } from './own-account-queries.ts';
import { RecoveryCodes } from './recovery-codes.tsx';
import { SetUpDialog } from './set-up-dialog.tsx';

/** Adds a passkey: the password and a name, the browser's own dialog, then the recovery codes if there were none. */
export const PasskeyDialog = ({ onClose }: { onClose: () => void }) => {
  const signIn = useSignIn();
  const add = useAddPasskey();
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const codes = add.data?.recovery_codes ?? [];
  const unseen = codes.length > 0;
  const finish = (): void => {
    onClose();
    signIn.enrolled();
  };
  const errors = add.isError ? accountErrors(add.error, ['current_password', 'name']) : undefined;
  return (
    <SetUpDialog title="Add a passkey" unseen={unseen} onClose={onClose}>
      {unseen ? (
        <RecoveryCodes codes={codes} onDone={finish} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(
              { password, name },
              { onSuccess: ({ recovery_codes }) => (recovery_codes.length === 0 ? finish() : undefined) },
            );
          }}
        >
          <Stack>
            <Text size="sm">
              Your browser asks where to keep it: on this device, on a phone or on a security key. You are signed out
              everywhere else.
            </Text>
            <CurrentPasswordField value={password} onChange={setPassword} error={errors?.byField.current_password} />
            <TextInput
              label="Name"
              description="To recognize it in the list"
              placeholder="Work laptop"
              required
              withAsterisk={false}
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={errors?.byField.name}
            />
            {errors?.general !== undefined && <Failure title="It was not added" error={add.error} />}
            <FormButtons submit="Continue" pending={add.isPending} onCancel={onClose} />
          </Stack>
        </form>
      )}
    </SetUpDialog>
  );
};
