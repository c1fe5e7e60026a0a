import { useEffect, useState } from 'react';

const tickMs = 30_000;

/** The current time, updated every half minute for texts such as "3 minutes ago". Ms since the epoch. */
export const useNow = (): number => {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return now;
};
