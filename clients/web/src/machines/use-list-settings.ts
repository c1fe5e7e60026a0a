import { useState } from 'react';
import { openStorage } from '../storage/kept-values.ts';
import { type ListSettings, readListSettings, writeListSettings } from './list-settings.ts';

/** The settings of the list of machines in this browser, and a function that changes and keeps them. */
export const useListSettings = (): [ListSettings, (settings: ListSettings) => void] => {
  const [settings, setSettings] = useState(() => readListSettings(openStorage('localStorage')));
  return [
    settings,
    (next) => {
      setSettings(next);
      writeListSettings(openStorage('localStorage'), next);
    },
  ];
};
