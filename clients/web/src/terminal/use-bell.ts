import { useEffect, useState } from 'react';
import { playBell } from './bell-sound.ts';
import type { Preferences } from './settings/preferences.ts';

const flashMs = 150;

/** The bell of a terminal, as the user has chosen it. `ring` is called for each chunk of output with a bell in it. */
export const useBell = (choice: Preferences['bell']): { flashing: boolean; ring: () => void } => {
  const [rings, setRings] = useState(0);
  const [flashing, setFlashing] = useState(false);
  useEffect(() => {
    if (rings === 0) return;
    setFlashing(true);
    const timer = setTimeout(() => setFlashing(false), flashMs);
    return () => clearTimeout(timer);
  }, [rings]);
  return {
    flashing,
    ring: () => {
      if (choice === 'flash') setRings((count) => count + 1);
      else if (choice === 'sound') playBell();
    },
  };
};
