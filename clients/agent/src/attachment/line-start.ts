import type { Ring } from '@webxterm/stream';

const lineFeed = 0x0a;

/** The offset after the first line feed in the `within` bytes from `from`, or `from` if there is none. */
export const afterLineFeed = (ring: Ring, from: number, within: number): number => {
  const { views } = ring.read(from, within);
  let at = from;
  for (const view of views) {
    const found = view.indexOf(lineFeed);
    if (found >= 0) return at + found + 1;
    at += view.length;
  }
  return from;
};
