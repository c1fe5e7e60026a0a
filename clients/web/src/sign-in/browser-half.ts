import { BrowserHalf } from '@webxterm/contracts/rest';
import type { HalfStore } from './sign-in.ts';

const key = 'webxterm.half';

/** Stores the half in local storage. If storage is blocked, it is kept in memory, and a reload requires a new sign-in. */
export const localHalves = (storage: Storage | undefined, events: EventTarget): HalfStore => {
  let inMemory: string | undefined;
  const parse = (text: unknown): string | undefined => BrowserHalf.safeParse(text).data;
  return {
    read: () => parse(storage === undefined ? inMemory : storage.getItem(key)),
    write(half) {
      inMemory = half;
      if (half === undefined) storage?.removeItem(key);
      else storage?.setItem(key, half);
    },
    onChange(listener) {
      const changed = (event: Event): void => {
        if (event instanceof StorageEvent && (event.key === key || event.key === null)) listener();
      };
      events.addEventListener('storage', changed);
      return () => events.removeEventListener('storage', changed);
    },
  };
};

/**
 * Runs `work` in one tab at a time (Web Locks). Plain http on a host other than localhost has no locks. There, the server accepts the
 * previous half for another 30 s, which covers two concurrent tabs.
 */
export const oneTabAtATime = async <T>(work: () => Promise<T>): Promise<T> => {
  const locks: LockManager | undefined = navigator.locks;
  return locks === undefined ? work() : await locks.request('webxterm.session', work);
};
