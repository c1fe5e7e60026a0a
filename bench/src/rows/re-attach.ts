import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Product } from '../api.ts';
import { paintAt } from '../painter.ts';
import { openProduct, type ProductShell, type ViewerOptions } from '../product.ts';
import { between, prepare } from '../shell.ts';
import type { RowGroup } from './row-group.ts';

/** Printed while no viewer is attached: 29,127 lines of 9 bytes, a little under 256 KiB. */
const missedLines = 29_127;
const missedBytes = missedLines * 9;
/** More than a ring of 8 MiB. */
const ringLines = 1_200_000;
const ringBytes = 8 * 1024 * 1024;
/** The rate at which @xterm/xterm parses plain text on this kind of machine. */
const paintRate = 35_000_000;
const awayMs = 1500;

const missedText = (): string =>
  Array.from({ length: missedLines }, (_, index) => `${String(index + 1).padStart(8, '0')}\n`).join('');

/** Comes back to a session. ms from the dial to the last of `bytes`, and what came. */
const comeBack = async (
  product: Product,
  options: ViewerOptions,
  until: (shell: ProductShell, received: number) => boolean,
  mark?: string,
): Promise<{ ms: number; received: number; hash: string; shell: ProductShell }> => {
  const at = performance.now();
  const shell = await openProduct(product, options);
  const hash = createHash('sha256');
  let received = 0;
  await new Promise<void>((resolve) => {
    const listener = (bytes: Uint8Array): void => {
      hash.update(bytes);
      received += bytes.length;
      if (!until(shell, received)) return;
      shell.onOutput(() => {});
      resolve();
    };
    shell.onOutput(mark === undefined ? listener : between(mark, missedBytes, listener));
  });
  return { ms: performance.now() - at, received, hash: hash.digest('hex'), shell };
};

const breakOnce = async (product: Product): Promise<{ ms: number; wrong: number }> => {
  const first = await openProduct(product);
  await prepare(first, 'stty -opost -echo; PS1=');
  await delay(100);
  first.type(`sleep 0.5; printf '%s-%s' lines begin; seq -w 00000001 ${String(missedLines).padStart(8, '0')}\n`);
  await delay(100);
  const resume = { ...first.ids, from: first.offset };
  first.cut();
  await delay(awayMs);
  const back = await comeBack(product, { resume }, (_, received) => received >= missedBytes, 'lines-begin');
  const intact =
    back.received === missedBytes &&
    back.shell.lost === 0 &&
    back.hash === createHash('sha256').update(missedText()).digest('hex');
  await back.shell.close();
  return { ms: back.ms, wrong: intact ? 0 : Math.max(1, Math.abs(missedBytes - back.received) + back.shell.lost) };
};

const fullRingOnce = async (product: Product): Promise<number> => {
  const first = await openProduct(product);
  await prepare(first, 'stty -opost -echo; PS1=');
  const mark = `m${Math.random().toString(36).slice(2)}`;
  const printed = new Promise<void>((resolve) => {
    let tail = '';
    first.onOutput((bytes) => {
      tail = (tail + Buffer.from(bytes.subarray(-64)).toString('latin1')).slice(-128);
      if (tail.includes(`${mark}-now`)) resolve();
    });
  });
  first.type(`seq -w ${ringLines}; printf '%s-%s' ${mark} now\n`);
  await printed;
  const { sessionId } = first.ids;
  const head = first.offset;
  // An unknown viewer, without output.
  const viewerId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
  const back = await comeBack(
    product,
    { resume: { sessionId, viewerId }, paint: paintAt(paintRate) },
    (shell) => shell.offset >= head,
  );
  await back.shell.close();
  first.cut();
  return back.ms;
};

export const reAttach: RowGroup = {
  name: 're-attach',
  about: 'coming back after a break: what is lost, and how long until the screen is up to date',
  measure: async (bed) => {
    const product = await bed.product();
    const breaks: { ms: number; wrong: number }[] = [];
    const rings: number[] = [];
    for (let repeat = 1; repeat <= bed.options.repeats; repeat += 1) {
      bed.say(`re-attach: ${repeat} of ${bed.options.repeats}`);
      breaks.push(await breakOnce(product));
      rings.push(await fullRingOnce(product));
    }
    const paintedMs = Math.round(300 + ((10 * 1024 * 1024) / paintRate) * 1000);
    return [
      {
        name: 're-attach with 256 KiB missed: bytes lost, doubled or changed',
        unit: 'bytes',
        product: breaks.map(({ wrong }) => wrong),
        budget: { kind: 'absolute', atMost: 0 },
        counts: 'largest',
      },
      {
        name: 're-attach with 256 KiB missed: up to date after',
        unit: 'ms',
        product: breaks.map(({ ms }) => ms),
        budget: { kind: 'absolute', atMost: 300 },
      },
      {
        name: `attach to a full ring (${ringBytes / 1024 / 1024} MiB), painting ${paintRate / 1e6} MB/s: up to date after`,
        unit: 'ms',
        product: rings,
        budget: { kind: 'absolute', atMost: paintedMs },
      },
    ];
  },
};
