import { prepare, type Shell } from '../shell.ts';

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
