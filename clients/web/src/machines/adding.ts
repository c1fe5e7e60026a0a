import { z } from 'zod';
import { keepValue, openStorage, readKept } from '../storage/kept-values.ts';

const key = 'webxterm-adding-machine';

/** An added machine. The tab shows it again after a reload. The one-time token is missing once the machine is online. */
const Adding = z.object({ agentId: z.string(), name: z.string(), token: z.string().optional() });
export type Adding = z.output<typeof Adding>;

export const readAdding = (
  storage: Pick<Storage, 'getItem'> | undefined = openStorage('sessionStorage'),
): Adding | undefined => readKept(storage, key, Adding);

/** Undefined: clears it. */
export const keepAdding = (
  adding: Adding | undefined,
  storage: Pick<Storage, 'setItem' | 'removeItem'> | undefined = openStorage('sessionStorage'),
): void => {
  if (adding === undefined) storage?.removeItem(key);
  else keepValue(storage, key, adding);
};
