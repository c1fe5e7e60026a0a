import { Button, Checkbox, Group } from '@mantine/core';
import { useState } from 'react';

/** Below a secret that is shown once: the dialog can be closed after the user has stored it. */
export const StoredOnce = ({ label, onDone }: { label: string; onDone: () => void }) => {
  const [stored, setStored] = useState(false);
  return (
    <>
      <Checkbox label={label} checked={stored} onChange={(event) => setStored(event.currentTarget.checked)} />
      <Group justify="flex-end">
        <Button disabled={!stored} onClick={onDone}>
          Done
        </Button>
      </Group>
    </>
  );
};
