import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '@webxterm/stack';
import { z } from 'zod';
import { findMachine, signIn } from '../api.ts';
import type { Bed } from '../bed.ts';
import { openProduct } from '../product.ts';
import { waitFor, withShell } from '../shell.ts';
import type { RowGroup } from './row-group.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const giveUpAfterMs = 60_000;

const StackFile = z.looseObject({ url: z.string(), admin: z.object({ email: z.string(), password: z.string() }) });

const readyStack = async (file: string): Promise<z.output<typeof StackFile>> => {
  const giveUpAt = performance.now() + giveUpAfterMs;
  for (;;) {
    try {
      return StackFile.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error('npm start is not ready in a minute', { cause: error });
    }
    await delay(20);
  }
};

/** Starts the programs of `npm start`, on free ports and an empty data folder. @returns ms until a shell has answered */
const startOnce = async (bed: Bed): Promise<number> => {
  const dataDir = bed.folder(`start-${Math.random().toString(36).slice(2)}`);
  const at = performance.now();
  const stack = spawn(
    '/usr/bin/env',
    [
      `HOME=${bed.folder('home')}`,
      `WEBXTERM_CACHE_DIR=${bed.cacheFolder}`,
      `WEBXTERM_DATA_DIR=${dataDir}`,
      'WEBXTERM_PORT=0',
      'WEBXTERM_GRPC_PORT=0',
      process.execPath,
      'stack/src/main.ts',
    ],
    { cwd: project, stdio: 'ignore' },
  );
  endWithUs(stack);
  try {
    const { url, admin } = await readyStack(join(dataDir, 'stack.json'));
    const { token } = await signIn(url, admin);
    const product = { url, token, agentId: await findMachine(url, token) };
    return await withShell(
      () => openProduct(product),
      async (shell) => {
        const answered = waitFor(shell, 'here-now');
        shell.type("printf '%s-%s' here now\n");
        await answered;
        return performance.now() - at;
      },
    );
  } finally {
    const ended = new Promise<void>((resolve) => stack.once('exit', () => resolve()));
    stack.kill('SIGTERM');
    await ended;
  }
};

export const startUp: RowGroup = {
  name: 'start-up',
  about: 'npm start with everything installed, on an empty data folder, until a shell answers',
  measure: async (bed) => {
    bed.say('npm start');
    const seconds = (await startOnce(bed)) / 1000;
    return [
      {
        name: 'npm start until a shell answers',
        unit: 's',
        product: [seconds],
        budget: { kind: 'absolute', atMost: 10 },
      },
    ];
  },
};
