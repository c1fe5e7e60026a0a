import { UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { NotificationPace } from './notification-pace.ts';
import type { NotificationRequest } from './notification-request.ts';
import type { Preferences } from './settings/preferences.ts';

/** The tab whose program asks. */
export interface NotifyingTab {
  readonly key: string;
  /** Begins with the machine. The rest may be a text of the program, which could pass for one of the page. */
  readonly label: string;
  /** The tab is visible in the page. */
  readonly shown: boolean;
}

const shownForMs = 15_000;
const pace = new NotificationPace(1000);

/**
 * Shows the notification of a program to a user who does not look at its tab: in the page, or as one of the system while the page has not
 * the focus. A new one of the same tab replaces the earlier one, at most once a second, so a program cannot pile them up.
 */
export const notifyUser = (
  choice: Preferences['notifications'],
  tab: NotifyingTab,
  request: NotificationRequest,
  onPick: () => void,
): void => {
  if (choice === 'off' || (tab.shown && document.hasFocus())) return;
  const { key, label } = tab;
  const heading = request.title === '' ? label : `${label}: ${request.title}`;
  const pick = (): void => {
    pace.drop(key);
    onPick();
  };
  pace.offer(key, () => {
    const bySystem = choice === 'system' && !document.hasFocus() && notifiedBySystem(key, heading, request.body, pick);
    if (!bySystem) showInPage(`program-${key}`, heading, request.body, pick);
  });
};

const showInPage = (id: string, heading: string, body: string, onPick: () => void): void => {
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
