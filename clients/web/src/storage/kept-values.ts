import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';

/** The storage of the browser, or of this tab. Undefined if the browser blocks it or it accepts nothing. */
export const openStorage = (kind: 'localStorage' | 'sessionStorage'): Storage | undefined => {
  try {
    const storage = window[kind];
    storage.setItem('webxterm.probe', '');
    storage.removeItem('webxterm.probe');
    return storage;
  } catch {
    return undefined;
  }
};

/** The value that is kept under a key. Undefined: none, or one that the schema refuses. */
export const readKept = <Schema extends z.ZodType>(
  storage: Pick<Storage, 'getItem'> | undefined,
  key: string,
  schema: Schema,
): z.output<Schema> | undefined => schema.safeParse(parseJson(storage?.getItem(key) ?? '')).data;

/** Keeps a value as JSON. @returns whether it is kept: the storage may be blocked or full */
export const keepValue = (storage: Pick<Storage, 'setItem'> | undefined, key: string, value: unknown): boolean => {
  try {
    storage?.setItem(key, JSON.stringify(value));
    return storage !== undefined;
  } catch {
    return false;
  }
};
