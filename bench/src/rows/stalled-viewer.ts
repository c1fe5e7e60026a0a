import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { residentBytes } from '../process/figures.ts';
import { openProduct, type ProductShell } from '../product.ts';
import { between, prepare, withShell } from '../shell.ts';
import type { RowGroup } from './row-group.ts';

const bytesPerLine = 9;
const lines = 11_111_111;
const total = lines * bytesPerLine;
const stallMs = 5000;
const relays = ['gateway-1', 'terminal-1', 'agent-hub-1'] as const;

/** The output of `seq -w`, computed here. */
const expectedHash = (): string => {
  const hash = createHash('sha256');
  for (let line = 1; line <= lines; ) {
    let text = '';
    for (const end = Math.min(lines, line + 9999); line <= end; line += 1) text += `${String(line).padStart(8, '0')}\n`;
    hash.update(text);
  }
  return hash.digest('hex');
};

interface Stall {
  readonly received: number;
  readonly intact: boolean;
  /** ms from reading again to the next byte. */
  readonly wentOnAfterMs: number;
  /** Most that a relay grew while the viewer read nothing. */
  readonly grownBytes: number;
}

const stallOnce = async (shell: ProductShell, pids: () => number[]): Promise<Stall> => {
  await prepare(shell, 'stty -opost -echo');
  const hash = createHash('sha256');
  let received = 0;
  let onHalf: () => void = () => {};
  let onNext: () => void = () => {};
  let onAll: () => void = () => {};
  const half = new Promise<void>((resolve) => {
    onHalf = resolve;
  });
  const all = new Promise<void>((resolve) => {
    onAll = resolve;
  });
  const listener = (bytes: Uint8Array): void => {
    hash.update(bytes);
    received += bytes.length;
    onNext();
    if (received >= total / 2) onHalf();
    if (received >= total) onAll();
  };
  shell.onOutput(between('lines-begin', total, listener));
  shell.type(`printf '%s-%s' lines begin; seq -w ${lines}\n`);
  await half;
  const before = pids().map(residentBytes);
  shell.freeze(true);
  // Bytes that are in the socket already still arrive.
  await delay(stallMs);
  const grownBytes = Math.max(...pids().map((pid, at) => residentBytes(pid) - (before[at] ?? 0)));
  const at = performance.now();
  const next = new Promise<void>((resolve) => {
    onNext = resolve;
  });
  shell.freeze(false);
  await next;
  const wentOnAfterMs = performance.now() - at;
  await all;
  return {
    received: Math.min(received, total),
    intact: hash.digest('hex') === expectedHash(),
    wentOnAfterMs,
    grownBytes,
  };
};

export const stalledViewer: RowGroup = {
  name: 'stalled-viewer',
  about: 'a viewer that reads nothing for 5 s in the middle of 100 MB',
  measure: async (bed) => {
    const product = await bed.product();
    bed.say('a viewer stops reading for 5 s');
    const { received, intact, wentOnAfterMs, grownBytes } = await withShell(
      () => openProduct(product),
      (shell) => stallOnce(shell, () => relays.map((name) => product.pidOf(name))),
    );
    const name = 'viewer that reads nothing for 5 s in 100 MB';
    return [
      {
        name: `${name}: bytes lost or changed`,
        unit: 'bytes',
        // A stream of the right length and the wrong hash is all wrong.
        product: [received === total && !intact ? total : total - received],
        budget: { kind: 'absolute', atMost: 0 },
      },
      {
        name: `${name}: goes on after`,
        unit: 'ms',
        product: [wentOnAfterMs],
        budget: { kind: 'absolute', atMost: 50 },
      },
      {
        name: `${name}: growth of the relay that grew most`,
        unit: 'MB',
        product: [grownBytes / 1e6],
        budget: { kind: 'absolute', atMost: 16 },
      },
    ];
  },
};
