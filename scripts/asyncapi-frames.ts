import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../docs/protocol.md', import.meta.url), 'utf8');

/** A frame of `webxterm.v1`, as docs/protocol.md has it. documented.test.ts compares its examples with the code. */
export interface DocumentedFrame {
  /** First byte. */
  readonly code: number;
  readonly name: string;
  readonly direction: 'up' | 'down';
  /** In the order of their bytes, big endian. */
  readonly fields: string;
  /** Hex digits, a group for each field. */
  readonly examples: readonly { readonly bytes: string; readonly says: string }[];
}

const examples = [...page.matchAll(/^((?:[048c][0-9a-f])(?: [0-9a-f…]+)*) {2,}(.+)$/gm)].map(
  ([, bytes = '', says = '']) => ({ bytes, says }),
);

/** The rows of the tables of frames. The direction is bit 6 of the first byte. */
export const documentedFrames: readonly DocumentedFrame[] = [
  ...page.matchAll(/^\| `([048c][0-9a-f])` \| ([^|]+) \| (.+) \|$/gm),
].map(([, hex = '', name = '', fields = '']) => {
  const code = Number.parseInt(hex, 16);
  return {
    code,
    name,
    direction: (code & 0x40) === 0 ? 'up' : 'down',
    fields,
    examples: examples.filter(({ bytes }) => bytes.startsWith(hex)),
  };
});
