import { parseJson } from '@webxterm/contracts/json';
import { z } from 'zod';

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

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keeps a sign-in in this tab while the browser is at the page of the provider. */
export const keepPending = (pending: PendingProvider, store: Store): void =>
  store.setItem(key, JSON.stringify(pending));

/** What this tab has begun at the provider, once. Undefined: nothing, as in another browser. */
export const takePending = (provider: string, store: Store): PendingProvider | undefined => {
  const { data } = Pending.safeParse(parseJson(store.getItem(key) ?? ''));
  store.removeItem(key);
  return data?.provider === provider ? data : undefined;
};
