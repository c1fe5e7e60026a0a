import { Button, Group } from '@mantine/core';

interface FormButtonsProps {
  /** The text of the button that submits the form. */
  readonly submit: string;
  readonly pending: boolean;
  readonly onCancel: () => void;
}

/** The buttons below the form of a dialog. */
export const FormButtons = ({ submit, pending, onCancel }: FormButtonsProps) => (
  <Group justify="flex-end">
    <Button variant="default" onClick={onCancel}>
      Cancel
    </Button>
    <Button type="submit" loading={pending}>
      {submit}
    </Button>
  </Group>
);
