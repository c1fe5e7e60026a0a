import { Alert, Button } from '@mantine/core';
import { IconLogin2 } from '@tabler/icons-react';
import type { SignInProvider } from '@webxterm/contracts/rest';
import { useState } from 'react';
import longLabel from '../layout/long-label.module.css';
import { accountErrors } from './account-errors.ts';
import { keepPending } from './pending-provider.ts';
import { useSignIn } from './sign-in-context.ts';

interface ProviderButtonsProps {
  readonly providers: readonly SignInProvider[];
  readonly labelOf: (provider: SignInProvider) => string;
  readonly next?: string | undefined;
  /** Of a setup link, whose account is linked. */
  readonly setupToken?: string;
}

/** Each leads to the page of a provider. */
export const ProviderButtons = ({ providers, labelOf, next, setupToken }: ProviderButtonsProps) => {
  const signIn = useSignIn();
  const [failure, setFailure] = useState<string>();
  const [leaving, setLeaving] = useState<string>();
  const leave = async ({ id }: SignInProvider): Promise<void> => {
    setLeaving(id);
    setFailure(undefined);
    try {
      const { url, transaction } = await signIn.beginAtProvider(id, setupToken);
      const pending = {
        provider: id,
        transaction,
        purpose: 'sign-in',
        ...(next === undefined ? {} : { next }),
      } as const;
      keepPending(pending);
      window.location.assign(url);
    } catch (error) {
      setFailure(accountErrors(error, []).general);
      setLeaving(undefined);
    }
  };
  return (
    <>
      {failure !== undefined && (
        <Alert role="alert" color="red" variant="light">
          {failure}
        </Alert>
      )}
      {providers.map((provider) => (
        <Button
          key={provider.id}
          variant="default"
          size="md"
          classNames={longLabel}
          leftSection={<IconLogin2 size={19} stroke={1.7} aria-hidden />}
          loading={leaving === provider.id}
          disabled={leaving !== undefined}
          onClick={() => void leave(provider)}
        >
          {labelOf(provider)}
        </Button>
      ))}
    </>
  );
};
