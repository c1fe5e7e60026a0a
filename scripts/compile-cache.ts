// compile-cache.ts NODE-ARGUMENT...: fills Node's compile cache, at NODE_COMPILE_CACHE, with what a service loads; run by root while
// an image is built, with NODE_DISABLE_COMPILE_CACHE=1 so that this program is not in it (docs/adr/0017). The service ends by itself: by the
// time it finds its settings missing it has read all of its sources.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Node keeps a cache for each user; nobody but root may write this one, and these read it: the image's own and those of Compose and Kubernetes. */
const readers = [1000, 10_001, 10_002, 10_003, 10_004];
const exitCodeForConfig = 2;

const program = process.argv.slice(2);
const { NODE_DISABLE_COMPILE_CACHE: _here, ...env } = process.env;
const { NODE_COMPILE_CACHE: folder = '' } = env;
const { status, stdout, stderr } = spawnSync(process.execPath, program, { env, encoding: 'utf8' });
if (status !== exitCodeForConfig)
  throw new Error(`node ${program.join(' ')} without settings ended with ${status}: ${stdout}${stderr}`);
const [made, ...others] = readdirSync(folder);
if (made?.endsWith('-0') !== true || others.length > 0)
  throw new Error(`${folder} holds ${[made, ...others].join(' ')}, not one cache made by root`);
// Node makes them for their owner alone.
for (const file of readdirSync(join(folder, made))) chmodSync(join(folder, made, file), 0o444);
for (const uid of readers) symlinkSync(made, join(folder, made.replace(/-0$/, `-${uid}`)));
