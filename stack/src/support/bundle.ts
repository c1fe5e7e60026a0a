import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { hideSecrets } from '@webxterm/shared';
import { findingsText } from '@webxterm/shared/doctor';
import { pack } from 'tar-stream';
import packageJson from '../../package.json' with { type: 'json' };
import { examine } from '../doctor/examine.ts';
import { readStackFile } from '../read-stack-file.ts';
import { logFolder, type StackSettings } from '../settings.ts';

/** The end of each log that the bundle has, in bytes. */
const logBytes = 1024 ** 2;
/** Shorter values are words that a log may contain anyway, such as a port. */
const shortestSecret = 8;

/** Every secret of the installation: whole files, their lines, and the parts of a line (`k1 <key>`, a URL with its password). */
const knownSecrets = (dataDir: string): readonly string[] => {
  const folder = join(dataDir, 'secrets');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const values = names
    .filter((name) => name !== 'installation-id')
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8').trim();
      const password = /:\/\/[^:]+:([^@]+)@/.exec(text)?.[1];
      return [text, ...text.split(/\s+/), ...(password === undefined ? [] : [password])];
    });
  return [...new Set(values)].filter((value) => value.length >= shortestSecret).toSorted((a, b) => b.length - a.length);
};

const endOf = (path: string): string => {
  const bytes = readFileSync(path);
  return bytes.subarray(Math.max(0, bytes.length - logBytes)).toString('utf8');
};

const metricsOf = async (healthPort: number, token: string): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);
  return answer?.ok === true ? answer.text() : 'no answer';
};

const systemText = (): string =>
  [
    `webxterm ${packageJson.version}`,
    `node ${process.versions.node}`,
    `${platform()} ${release()} ${arch()}`,
    `${cpus().length} CPUs, ${Math.round(totalmem() / 1024 ** 2)} MiB`,
  ].join('\n');

/** The settings whose values say nothing about people or keys. Of the others only the name is kept. */
const plainSettings = /^(WEBXTERM_(HOST|PORT|GRPC_PORT|REPLICAS|TLS|AGENT|SIGNUP)|LOG_LEVEL)$/;

const settingsText = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .filter(([name]) => /^(WEBXTERM_|MONGO_URL$|NATS_URL$|LOG_LEVEL$)/.test(name))
    .map(([name, value]) => `${name}=${plainSettings.test(name) ? value : '[set]'}`)
    .join('\n');

/** The files of a support bundle: name and text, without secrets. */
export const bundleFiles = async (settings: StackSettings): Promise<ReadonlyMap<string, string>> => {
  const { dataDir } = settings;
  const secrets = knownSecrets(dataDir);
  const clean = (text: string): string =>
    hideSecrets(secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[hidden]'), text));
  const files = new Map([
    ['doctor.txt', findingsText(await examine(settings))],
    ['system.txt', systemText()],
    ['settings.txt', settingsText(settings.environment)],
  ]);
  const logs = logFolder(settings);
  for (const name of existsSync(logs) ? readdirSync(logs) : []) files.set(`logs/${name}`, endOf(join(logs, name)));
  const token = join(dataDir, 'secrets', 'metrics-token');
  const stack = readStackFile(dataDir);
  if (stack !== undefined && existsSync(token))
    for (const { name, healthPort } of stack.processes)
      if (healthPort !== undefined)
        files.set(`metrics/${name}.txt`, await metricsOf(healthPort, readFileSync(token, 'utf8').trim()));
  return new Map([...files].map(([name, text]) => [name, `${clean(text)}\n`]));
};

/** Writes a support bundle as .tar.gz, which only its owner can read. */
export const writeBundle = async (path: string, files: ReadonlyMap<string, string>): Promise<void> => {
  const archive = pack();
  for (const [name, text] of files) archive.entry({ name: `webxterm-support/${name}`, mode: 0o600 }, Buffer.from(text));
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(path, { mode: 0o600, flags: 'wx' }));
};
