import { setTimeout as delay } from 'node:timers/promises';
import type { Bed } from '../bed.ts';
import { type Painter, paintAt, paintAtOnce } from '../painter.ts';
import { openProduct } from '../product.ts';
import { prepare, type Shell, withShell } from '../shell.ts';
import type { RowGroup } from './row-group.ts';

const times = 20;
const floodForMs = 300;
/** A slow viewer has its window full, and its rate measured, after this. */
const slowFloodForMs = 1000;
const slowPaint = 5_000_000;

/** The flood of `yes` until Ctrl-C, and then a word. The subshell outlives the signal that ends `yes`. */
const flood = (mark: string): string => `(trap : INT; yes 0123456789abcdef; printf '%s-%s' ${mark} quiet)\n`;

/** Whether the mark has been seen, over the borders of what comes in one piece. */
const watchFor = (shell: Shell, mark: string): Promise<void> =>
  new Promise((resolve) => {
    let tail = '';
    shell.onOutput((bytes) => {
      // The end of a large piece is enough: nothing follows the mark.
      tail = (tail + Buffer.from(bytes.subarray(-64)).toString('latin1')).slice(-128);
      if (tail.includes(mark)) resolve();
    });
  });

/** ms from Ctrl-C to the last painted byte, once. */
const interruptOnce = async (shell: Shell, floodMs: number): Promise<number> => {
  const mark = `m${Math.random().toString(36).slice(2)}`;
  const quiet = watchFor(shell, `${mark}-quiet`);
  shell.type(flood(mark));
  await delay(floodMs);
  const at = performance.now();
  shell.type('\x03');
  await quiet;
  return performance.now() - at;
};

const interrupts = async (shell: Shell, floodMs: number): Promise<number[]> => {
  await prepare(shell, 'stty -echo');
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await interruptOnce(shell, floodMs));
  return taken;
};

const measureInterrupts = async (bed: Bed, what: string, paint: () => Painter, floodMs: number): Promise<number[]> => {
  const product = await bed.product();
  bed.say(`${what}, ${times} times`);
  return withShell(
    () => openProduct(product, { paint: paint() }),
    (shell) => interrupts(shell, floodMs),
  );
};

export const interrupt: RowGroup = {
  name: 'interrupt',
  about: 'Ctrl-C in a flood until it is quiet, with a viewer that is as fast as the flood, beside the bare path',
  measure: async (bed) => {
    const bare = await bed.bare();
    const taken = await measureInterrupts(bed, 'Ctrl-C in a flood', () => paintAtOnce, floodForMs);
    bed.say(`the same on the bare path, ${times} times`);
    const values = await withShell(
      () => bare.open(),
      (shell) => interrupts(shell, floodForMs),
    );
    const row = { unit: 'ms', product: taken, reference: { name: 'bare path', values } } as const;
    return [
      { ...row, name: 'Ctrl-C in a flood, median', budget: { kind: 'absolute', atMost: 10 } },
      {
        ...row,
        name: `Ctrl-C in a flood, worst of ${times}`,
        budget: { kind: 'absolute', atMost: 50 },
        counts: 'largest',
      },
    ];
  },
};

export const slowInterrupt: RowGroup = {
  name: 'interrupt-slow',
  about: 'the same with a viewer that paints 5 MB/s',
  measure: async (bed) => {
    const what = 'Ctrl-C in a flood, viewer paints 5 MB/s';
    const taken = await measureInterrupts(bed, what, () => paintAt(slowPaint), slowFloodForMs);
    return [{ name: what, unit: 'ms', product: taken, budget: { kind: 'absolute', atMost: 120 } }];
  },
};
