import { z } from 'zod';

const key = 'webxterm-adding-machine';

/** An added machine. The tab shows it again after a reload. The one-time token is missing once the machine is online. */
const Adding = z.object({ agentId: z.string(), name: z.string(), token: z.string().optional() });
export type Adding = z.output<typeof Adding>;

export const readAdding = (store: Pick<Storage, 'getItem'> = sessionStorage): Adding | undefined => {
  try {
    return Adding.safeParse(JSON.parse(store.getItem(key) ?? 'null')).data;
  } catch {
    return undefined;
  }
};

/** Undefined: clears it. */
export const keepAdding = (
  adding: Adding | undefined,
  store: Pick<Storage, 'setItem' | 'removeItem'> = sessionStorage,
): void => {
  if (adding === undefined) store.removeItem(key);
  else store.setItem(key, JSON.stringify(adding));
};
