import { describe, expect, it } from 'vitest';
import { memoryPercent, networkBytes, rates, StatsReader } from './resource-stats.ts';

const netDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9000 1 0 0 0 0 0 0 9000 1 0 0 0 0 0 0
  eth0: 1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0
  eth1:    5 1 0 0 0 0 0 0    7 1 0 0 0 0 0 0
`;

describe('resource stats', () => {
  it('count every interface but loopback', () => {
    expect(networkBytes(netDev)).toEqual({ bytesIn: 1005, bytesOut: 2007 });
    expect(networkBytes('')).toEqual({ bytesIn: 0, bytesOut: 0 });
  });

  it('count memory as available to programs', () => {
    expect(memoryPercent('MemTotal:  1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n')).toBe(75);
    expect(memoryPercent('')).toBeUndefined();
  });

  it('are rates between two readings, never below zero', () => {
    const before = { atMs: 0, cpuBusy: 100, cpuTotal: 1000, bytesIn: 5_000_000, bytesOut: 0 };
    const now = { atMs: 2000, cpuBusy: 150, cpuTotal: 1200, bytesIn: 1_000_000, bytesOut: 4_000_000 };
    expect(rates(before, now)).toEqual({ cpuPercent: 25, networkInbound: 0, networkOutbound: 2 });
  });

  it('read this machine', async () => {
    const stats = await new StatsReader().read();
    expect(stats.memoryPercent).toBeGreaterThan(0);
    expect(stats.diskPercent).toBeGreaterThan(0);
    expect(stats.uptimeSeconds).toBeGreaterThan(0n);
  });
});
