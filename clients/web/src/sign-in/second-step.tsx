import { Anchor, Text } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import type { SecondFactorChallenge } from '@webxterm/contracts/rest';
import { ApiError } from '@webxterm/rest-client';
import { useState } from 'react';
import { z } from 'zod';
import { AccountForm, useAccountSubmit } from './account-form.tsx';
import { AccountPage } from './account-page.tsx';
import { CodeField } from './code-field.tsx';
import { passkeysHere } from './passkey.ts';
import { PasskeyButton } from './passkey-button.tsx';
import { useSignIn } from './sign-in-context.ts';

const Code = z.object({ code: z.string().trim().min(6, 'Enter the code') });

/**
 * The challenge of a sign-in that needs a second factor.
 * @returns the challenge; `watch`, which takes it from the error of the first step; `forget`
 */
export const useChallenge = () => {
  const [challenge, setChallenge] = useState<SecondFactorChallenge>();
  const watch = async (step: Promise<void>): Promise<boolean> => {
    try {
      await step;
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.secondFactor === undefined) throw error;
      setChallenge(error.secondFactor);
      return false;
    }
  };
  return { challenge, watch, forget: () => setChallenge(undefined) };
};

interface SecondStepProps {
  readonly challenge: SecondFactorChallenge;
  readonly onSignedIn?: () => Promise<void>;
  readonly onStartAgain: () => void;
}

/** The page of the second step: a passkey, a code of the authenticator app, or a recovery code. */
export const SecondStep = ({ challenge: step, onSignedIn, onStartAgain }: SecondStepProps) => {
  const signIn = useSignIn();
  const { challenge, methods, passkey } = step;
  const withApp = methods.includes('totp');
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { code: '' },
    validate: schemaResolver(Code, { sync: true }),
  });
  const { submit, failure } = useAccountSubmit(form, ['code'], async ({ code }: z.infer<typeof Code>) => {
    await signIn.confirmSignIn({ challenge, code });
    await onSignedIn?.();
  });
  return (
    <AccountPage
      title="One more step"
      text={
        withApp
          ? 'Enter the code that your authenticator app shows.'
          : 'Use your passkey, or one of your recovery codes.'
      }
    >
      {passkey !== undefined &&
        (passkeysHere(passkey.rpId) ? (
          <PasskeyButton
            label="Use a passkey"
            onUse={async () => {
              await signIn.confirmWithPasskey(challenge, passkey);
              await onSignedIn?.();
            }}
          />
        ) : (
          <Text size="sm">Your passkeys belong to {passkey.rpId}. Open WebXTerm at that name to use one.</Text>
        ))}
      <AccountForm
        onSubmit={form.onSubmit(submit)}
        failure={failure}
        submitting={form.submitting}
        button="Confirm"
        footer={
          <Text size="sm" c="dimmed" ta="center">
            <Anchor component="button" type="button" onClick={onStartAgain}>
              Start again
            </Anchor>
          </Text>
        }
      >
        <CodeField
          label={withApp ? 'Code' : 'Recovery code'}
          {...(withApp ? { description: 'Lost your device? Enter one of your recovery codes.' } : {})}
          autoFocus={passkey === undefined}
          key={form.key('code')}
          {...form.getInputProps('code')}
        />
      </AccountForm>
    </AccountPage>
  );
};
