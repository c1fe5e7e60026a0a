import { Alert, Button, Stack } from '@mantine/core';
import { type FormEventHandler, type ReactNode, useState } from 'react';
import { accountErrors } from './account-errors.ts';

/**
 * Sends the values of a form. The errors of a rejected form are shown at its fields, any other error in `failure`.
 * @param fields the fields of the form
 */
export const useAccountSubmit = <Values,>(
  form: { readonly setErrors: (errors: Record<string, string>) => void },
  fields: readonly string[],
  send: (values: Values) => Promise<void>,
): { submit: (values: Values) => Promise<void>; failure: string | undefined } => {
  const [failure, setFailure] = useState<string>();
  const submit = async (values: Values): Promise<void> => {
    setFailure(undefined);
    try {
      await send(values);
    } catch (error) {
      const { byField, general } = accountErrors(error, fields);
      form.setErrors(byField);
      setFailure(general);
    }
  };
  return { submit, failure };
};

interface AccountFormProps {
  readonly onSubmit: FormEventHandler<HTMLFormElement>;
  readonly failure: string | undefined;
  readonly submitting: boolean;
  /** The text of the button. */
  readonly button: string;
  readonly children: ReactNode;
  /** Shown below the button. */
  readonly footer?: ReactNode;
}

/** The form of sign-in, sign-up and the choice of a password: the failure, the fields, the button. */
export const AccountForm = ({ onSubmit, failure, submitting, button, children, footer }: AccountFormProps) => (
  <form onSubmit={onSubmit} noValidate>
    <Stack>
      {failure !== undefined && (
        <Alert role="alert" color="red" variant="light">
          {failure}
        </Alert>
      )}
      {children}
      <Button type="submit" size="md" mt="xs" loading={submitting}>
        {button}
      </Button>
      {footer}
    </Stack>
  </form>
);
