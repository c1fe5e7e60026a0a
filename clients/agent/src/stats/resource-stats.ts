import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import type { ResourceStats } from '@webxterm/contracts/grpc';

/** Counters since boot. */
export type Counters = { atMs: number; cpuBusy: number; cpuTotal: number; bytesIn: number; bytesOut: number };

const megabyte = 1_000_000;

const percent = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.round(Math.min(100, Math.max(0, (100 * part) / whole)) * 10) / 10;

/** Received and sent bytes of all interfaces but loopback, from the text of /proc/net/dev. */
export const networkBytes = (text: string): { bytesIn: number; bytesOut: number } => {
  let bytesIn = 0;
  let bytesOut = 0;
  for (const line of text.split('\n')) {
    const [name, numbers] = line.split(':');
    if (name === undefined || numbers === undefined || name.trim() === 'lo') continue;
    const columns = numbers.trim().split(/\s+/);
    bytesIn += Number(columns[0] ?? 0);
    bytesOut += Number(columns[8] ?? 0);
  }
  return { bytesIn, bytesOut };
};

/** Used memory in percent, from the text of /proc/meminfo. Undefined if it lacks the values. */
export const memoryPercent = (text: string): number | undefined => {
  const kib = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  const used = percent(kib('MemTotal') - kib('MemAvailable'), kib('MemTotal'));
  return Number.isNaN(used) ? undefined : used;
};

/** Rates between two readings, in MB/s and percent. */
export const rates = (before: Counters, now: Counters) => {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const rate = (bytes: number): number => Math.round((Math.max(0, bytes) / megabyte / seconds) * 1000) / 1000;
  return {
    cpuPercent: percent(now.cpuBusy - before.cpuBusy, now.cpuTotal - before.cpuTotal),
    networkInbound: rate(now.bytesIn - before.bytesIn),
    networkOutbound: rate(now.bytesOut - before.bytesOut),
  };
};

const readOr = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const readCounters = async (): Promise<Counters> => {
  let cpuBusy = 0;
  let cpuTotal = 0;
  for (const { times } of os.cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    cpuBusy += busy;
    cpuTotal += busy + times.idle;
  }
  return { atMs: performance.now(), cpuBusy, cpuTotal, ...networkBytes(await readOr('/proc/net/dev')) };
};

/** Reads the machine's load. Each reading covers the time since the previous one. */
export class StatsReader {
  #before: Counters | undefined;

  async read(): Promise<ResourceStats> {
    const now = await readCounters();
    const before = this.#before ?? now;
    this.#before = now;
    const disk = await statfs('/');
    const memory = memoryPercent(await readOr('/proc/meminfo')) ?? percent(os.totalmem() - os.freemem(), os.totalmem());
    return {
      ...rates(before, now),
      memoryPercent: memory,
      // As in df(1): blocks reserved for root are not free.
      diskPercent: percent(disk.blocks - disk.bfree, disk.blocks - disk.bfree + disk.bavail),
      uptimeSeconds: BigInt(Math.floor(os.uptime())),
    };
  }
}
