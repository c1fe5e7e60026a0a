import { textOfPath } from '@webxterm/contracts/file-paths';

/** One side of `vsay cp`. */
export type Place =
  | { readonly kind: 'local'; readonly path: string }
  /** `path`: as typed; empty or without a leading slash, it begins in the home folder. */
  | { readonly kind: 'machine'; readonly machine: string; readonly path: string };

/** `MACHINE:PATH` is on a machine, and anything else here. A slash before the colon makes it a local path, as with scp. */
export const placeOf = (text: string): Place => {
  const colon = text.indexOf(':');
  if (colon <= 0 || text.slice(0, colon).includes('/')) return { kind: 'local', path: text };
  const path = textOfPath(Buffer.from(text.slice(colon + 1)));
  return { kind: 'machine', machine: text.slice(0, colon), path };
};

/** A path of the machine without `.`, `..` and repeated slashes. `home`: where a relative one begins. */
export const absolutePath = (home: string, path: string): string => {
  const names: string[] = [];
  const whole = path.startsWith('/') ? path : `${home}/${path.replace(/^~(?=\/|$)/, '')}`;
  for (const name of whole.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
};
