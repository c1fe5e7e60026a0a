import { PasswordField } from '../layout/password-field.tsx';
import { useHasPassword } from './identity-queries.ts';

interface CurrentPasswordFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/**
 * The first field of a dialog that asks for the user's password. An account without a password has none: the server asks for a recent
 * sign-in in its place.
 */
export const CurrentPasswordField = ({ value, onChange, error }: CurrentPasswordFieldProps) =>
  useHasPassword() ? (
    <PasswordField
      label="Current password"
      autoComplete="current-password"
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  ) : null;
