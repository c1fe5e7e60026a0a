import { Code, Group, Stack, Text } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { FormButtons } from '../layout/form-buttons.tsx';
import { accountErrors } from '../sign-in/account-errors.ts';
import { CodeField } from '../sign-in/code-field.tsx';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { CurrentPasswordField } from './current-password-field.tsx';
import { useBeginTotp, useConfirmTotp } from './own-account-queries.ts';
import { QrCode } from './qr-code.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { SetUpDialog } from './set-up-dialog.tsx';

/** Sets up an authenticator app: the password, the QR code with a first code, the recovery codes. */
export const TotpDialog = ({ onClose }: { onClose: () => void }) => {
  const signIn = useSignIn();
  const begin = useBeginTotp();
  const confirm = useConfirmTotp();
  const codes = confirm.data?.recovery_codes;
  const unseen = codes !== undefined && codes.length > 0;
  const finish = (): void => {
    onClose();
    signIn.enrolled();
  };
  return (
    <SetUpDialog title="Set up an authenticator app" unseen={unseen} onClose={onClose}>
      {codes !== undefined ? (
        <RecoveryCodes codes={codes} onDone={finish} />
      ) : begin.data === undefined ? (
        <AskPassword begin={begin} onClose={onClose} />
      ) : (
        <AskCode secret={begin.data} confirm={confirm} onClose={onClose} />
      )}
    </SetUpDialog>
  );
};

interface StepProps {
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

const Step = ({ onSubmit, children }: StepProps) => (
  <form
    onSubmit={(event: FormEvent) => {
      event.preventDefault();
      onSubmit();
    }}
  >
    <Stack>{children}</Stack>
  </form>
);

const AskPassword = ({ begin, onClose }: { begin: ReturnType<typeof useBeginTotp>; onClose: () => void }) => {
  const [password, setPassword] = useState('');
  const errors = begin.isError ? accountErrors(begin.error, ['current_password']) : undefined;
  return (
    <Step onSubmit={() => begin.mutate(password)}>
      <CurrentPasswordField value={password} onChange={setPassword} error={errors?.byField.current_password} />
      {errors?.general !== undefined && <Failure title="It cannot be set up" error={begin.error} />}
      <FormButtons submit="Continue" pending={begin.isPending} onCancel={onClose} />
    </Step>
  );
};

interface AskCodeProps {
  readonly secret: { readonly secret: string; readonly url: string };
  readonly confirm: ReturnType<typeof useConfirmTotp>;
  readonly onClose: () => void;
}

const AskCode = ({ secret: { secret, url }, confirm, onClose }: AskCodeProps) => {
  const [code, setCode] = useState('');
  const errors = confirm.isError ? accountErrors(confirm.error, ['code']) : undefined;
  return (
    <Step onSubmit={() => confirm.mutate(code)}>
      <Text size="sm">Scan this with your authenticator app, then enter the code that it shows.</Text>
      <Group justify="center">
        <QrCode text={url} label="QR code for the authenticator app" />
      </Group>
      <Group justify="space-between" wrap="nowrap">
        <Text size="xs" c="dimmed">
          Cannot scan it? Enter this key: <Code data-testid="totp-secret">{secret}</Code>
        </Text>
        <CopyButton label="Copy the key" text={() => secret} />
      </Group>
      <CodeField
        label="Code"
        inputMode="numeric"
        data-autofocus
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        error={errors?.byField.code}
      />
      {errors?.general !== undefined && <Failure title="The app was not set up" error={confirm.error} />}
      <Text size="xs" c="dimmed">
        You are signed out everywhere else.
      </Text>
      <FormButtons submit="Turn on" pending={confirm.isPending} onCancel={onClose} />
    </Step>
  );
};
