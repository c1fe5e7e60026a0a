import { openProduct } from '../product.ts';
import type { Row } from '../report.ts';
import { prepare, type Shell, withShell } from '../shell.ts';
import type { RowGroup } from './row-group.ts';
import { sideBySide } from './side-by-side.ts';

/** MB/s of `bytes` of output, from the first byte to the last. */
export const measureBulk = async (shell: Shell, bytes: number): Promise<number> => {
  await prepare(shell, 'stty -opost -echo');
  const done = new Promise<number>((resolve) => {
    let received = 0;
    let startedAt = 0;
    shell.onOutput((chunk) => {
      if (received === 0) startedAt = performance.now();
      received += chunk.length;
      if (received >= bytes) resolve(performance.now() - startedAt);
    });
  });
  shell.type(`head -c ${bytes} /dev/zero\n`);
  return bytes / 1000 / (await done);
};

export const bulk: RowGroup = {
  name: 'bulk',
  about: 'a program that prints as fast as it can, beside the bare path and ttyd',
  measure: async (bed) => {
    const rates = await sideBySide(bed, 'bulk output', (shell) => measureBulk(shell, bed.options.megabytes * 1e6));
    const row: Row = {
      name: 'bulk output',
      unit: 'MB/s',
      product: rates.product,
      reference: { name: 'bare path', values: rates.bare },
      budget: { kind: 'ratio', atLeast: 0.9 },
    };
    if (rates.ttyd.length === 0) return [row];
    const beside = { name: 'ttyd', values: rates.ttyd };
    return [row, { ...row, name: 'bulk output, by ttyd', reference: beside, budget: { kind: 'ratio', atLeast: 1 } }];
  },
};

export const farBulk: RowGroup = {
  name: 'far-bulk',
  about: 'the same with a long wire between agent and hub',
  measure: async (bed) => {
    const { delayMs, megabytes, repeats } = bed.options;
    const far = await bed.far();
    const product: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      bed.say(`bulk output from afar: ${repeat} of ${repeats}`);
      const measure = (shell: Shell): Promise<number> => measureBulk(shell, megabytes * 1e6);
      product.push(await withShell(() => openProduct(far), measure));
    }
    const name = `bulk output, ${2 * delayMs} ms round trip between agent and hub`;
    return [{ name, unit: 'MB/s', product, budget: { kind: 'absolute', atLeast: 40 } }];
  },
};
