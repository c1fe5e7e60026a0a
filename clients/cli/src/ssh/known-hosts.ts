import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Machine } from '@webxterm/contracts/rest';
import { readText, writeOwn } from './files.ts';
import { hostSuffix } from './ssh-config.ts';

/** Names that ssh takes for one host: no spaces, commas, and nothing that stands for several. */
const plainHost = /^[A-Za-z0-9_.-]{1,128}$/;
/** As the server makes it. */
const plainKey = /^ssh-ed25519 [A-Za-z0-9+/]{68}$/;

/** The line of a host. ssh looks it up in lower case. Undefined: the name or the key is not of that form. */
export const knownHostsLine = (host: string, key: string): string | undefined =>
  plainHost.test(host) && plainKey.test(key) ? `${host.toLowerCase()} ${key}` : undefined;

const hostOf = (line: string): string => line.split(' ', 1)[0] ?? '';

/**
 * Puts the line of a host into the file, in place of another one of that host. A new host is appended: many proxies may begin at the same
 * time (ansible), and none must overwrite what another one has just added.
 */
export const keepKnownHost = async (file: string, line: string): Promise<void> => {
  const text = await readText(file);
  const lines = text.split('\n').filter((each) => each !== '');
  if (lines.includes(line)) return;
  const others = lines.filter((other) => hostOf(other) !== hostOf(line));
  if (others.length < lines.length) return writeOwn(file, `${[...others, line].sort().join('\n')}\n`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${line}\n`, { mode: 0o600 });
};

/**
 * The lines of all machines: by name those whose name belongs to one machine only, all by id. Other users choose the names of the machines that they
 * share: one that is the id of a machine stands for nothing.
 */
export const knownHostsOf = (machines: readonly Pick<Machine, 'name' | 'agent_id' | 'metadata'>[]): string => {
  const counts = new Map<string, number>();
  for (const { name, agent_id } of machines)
    for (const host of [name, agent_id]) counts.set(host.toLowerCase(), (counts.get(host.toLowerCase()) ?? 0) + 1);
  const lines = machines.flatMap(({ name, agent_id, metadata: { ssh_host_key: key = '' } }) => [
    ...(counts.get(name.toLowerCase()) === 1 ? [knownHostsLine(`${name}${hostSuffix}`, key)] : []),
    knownHostsLine(`${agent_id}${hostSuffix}`, key),
  ]);
  const known = lines.filter((line) => line !== undefined);
  return known.length === 0 ? '' : `${known.sort().join('\n')}\n`;
};
