import { Text } from '@mantine/core';
import { useState } from 'react';
import { mayNotifyBySystem } from '../program-notifications.tsx';
import { Selection } from './fields.tsx';
import type { Preferences } from './preferences.ts';

/** Where notifications of programs are shown. Asks the browser for its permission if they are to be shown by the system. */
export const NotificationChoice = (props: {
  value: Preferences['notifications'];
  onChange: (value: Preferences['notifications']) => void;
}) => {
  const [refused, setRefused] = useState(false);
  const choose = async (value: Preferences['notifications']): Promise<void> => {
    const allowed = value !== 'system' || (await mayNotifyBySystem());
    setRefused(!allowed);
    props.onChange(allowed ? value : 'page');
  };
  return (
    <>
      <Selection
        label="Notifications"
        description="Of programs (OSC 9, 99, 777), while you look elsewhere"
        value={props.value}
        options={{ off: 'Off', page: 'In this page', system: 'By the system' }}
        onChange={(value) => void choose(value)}
      />
      {refused && (
        <Text size="xs" c="red" role="status">
          The browser does not allow notifications of this page. Its settings for this site can change that.
        </Text>
      )}
    </>
  );
};
