import { PasswordInput, type PasswordInputProps } from '@mantine/core';

/** A password field whose button for showing the typed text has a label. */
export const PasswordField = (props: PasswordInputProps) => (
  <PasswordInput visibilityToggleButtonProps={{ 'aria-label': 'Show the typed text' }} {...props} />
);
