import { BrowserHalf } from '@webxterm/contracts/rest';
import type { HalfStore } from './sign-in.ts';

const key = 'webxterm.half';

/** The half in local storage. Where storage is blocked it lives as long as the page: a reload then asks to sign in. */
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

/** Local storage, or undefined where the browser blocks it. */
export const openLocalStorage = (): Storage | undefined => {
  try {
    const storage = window.localStorage;
    storage.setItem('webxterm.probe', '');
    storage.removeItem('webxterm.probe');
    return storage;
  } catch {
    return undefined;
  }
};

/**
 * One tab at a time (Web Locks). Plain http on another host than localhost has no locks; there the server's 30 s of grace
 * for the half before covers two tabs that come at once.
 */
export const oneTabAtATime = async <T>(work: () => Promise<T>): Promise<T> => {
  const locks: LockManager | undefined = navigator.locks;
  return locks === undefined ? work() : await locks.request('webxterm.session', work);
};
