import { UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { NotificationRequest } from './notification-request.ts';
import type { Preferences } from './settings/preferences.ts';

/** The tab whose program asks. */
export interface NotifyingTab {
  readonly key: string;
  readonly label: string;
  /** The tab is visible in the page. */
  readonly shown: boolean;
}

const shownForMs = 15_000;

/**
 * Shows the notification of a program to a user who does not look at its tab: in the page, or as one of the system while the page has not
 * the focus. A new one of the same tab replaces the earlier one, so a program cannot pile them up.
 */
export const notifyUser = (
  choice: Preferences['notifications'],
  { key, label, shown }: NotifyingTab,
  { title, body }: NotificationRequest,
  onPick: () => void,
): void => {
  const pageHasFocus = document.hasFocus();
  if (choice === 'off' || (pageHasFocus && shown)) return;
  const heading = title === '' ? label : `${label}: ${title}`;
  if (choice === 'system' && !pageHasFocus && notifiedBySystem(key, heading, body, onPick)) return;
  const id = `program-${key}`;
  notifications.hide(id);
  notifications.show({
    id,
    title: heading,
    autoClose: shownForMs,
    message: (
      <UnstyledButton
        fz="sm"
        c="var(--mantine-color-text)"
        onClick={() => {
          notifications.hide(id);
          onPick();
        }}
      >
        {body} <u>Show the tab</u>
      </UnstyledButton>
    ),
  });
};

/** @returns false if the browser does not show any, as on a phone, or the user has not allowed it here */
const notifiedBySystem = (tag: string, heading: string, body: string, onPick: () => void): boolean => {
  if (!('Notification' in window) || Notification.permission !== 'granted') return false;
  try {
    const notification = new Notification(heading, { body, tag, icon: '/icons/icon-192.png' });
    notification.addEventListener('click', () => {
      window.focus();
      notification.close();
      onPick();
    });
    return true;
  } catch {
    return false;
  }
};

/** Whether the browser may show notifications of the system. Asks the user if it was not asked yet. */
export const mayNotifyBySystem = async (): Promise<boolean> =>
  'Notification' in window && (await Notification.requestPermission()) === 'granted';
