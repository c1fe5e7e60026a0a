import { z } from 'zod';
import { keepValue, openStorage, readKept } from '../storage/kept-values.ts';

const key = 'webxterm.provider';

const Pending = z.object({
  provider: z.string(),
  /** Only the browser that has it can complete the sign-in. */
  transaction: z.string(),
  purpose: z.enum(['sign-in', 'link']),
  /** The page to open afterwards. */
  next: z.string().optional(),
});
export type PendingProvider = z.infer<typeof Pending>;

type TabStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;

/** Keeps a sign-in in this tab while the browser is at the page of the provider. @throws Error if the browser keeps nothing */
export const keepPending = (pending: PendingProvider, storage: TabStorage = openStorage('sessionStorage')): void => {
  if (!keepValue(storage, key, pending)) throw new Error('This browser blocks the storage that the sign-in needs.');
};

/** The sign-in that this tab has begun at the provider. It can be taken once. Undefined: none, as in another browser. */
export const takePending = (
  provider: string,
  storage: TabStorage = openStorage('sessionStorage'),
): PendingProvider | undefined => {
  const pending = readKept(storage, key, Pending);
  storage?.removeItem(key);
  return pending?.provider === provider ? pending : undefined;
};
