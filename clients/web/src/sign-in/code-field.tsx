import { TextInput, type TextInputProps } from '@mantine/core';

/** A field for the six digits of an authenticator app, or for a recovery code. */
export const CodeField = (props: TextInputProps) => (
  <TextInput
    name="code"
    autoComplete="one-time-code"
    autoCapitalize="none"
    spellCheck={false}
    maxLength={40}
    required
    withAsterisk={false}
    {...props}
  />
);
