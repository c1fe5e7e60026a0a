import { PasswordField } from '../layout/password-field.tsx';

interface CurrentPasswordFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: string | undefined;
}

/** The first field of a dialog that asks for the user's password. */
export const CurrentPasswordField = ({ value, onChange, error }: CurrentPasswordFieldProps) => (
  <PasswordField
    label="Current password"
    autoComplete="current-password"
    data-autofocus
    value={value}
    onChange={(event) => onChange(event.currentTarget.value)}
    error={error}
  />
);
