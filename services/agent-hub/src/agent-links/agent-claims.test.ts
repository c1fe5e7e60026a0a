import { SessionTitlesEvent } from '@webxterm/contracts/bus';
import { agentFeatures } from '@webxterm/contracts/capabilities';
import { MachineFacts, ResourceStats, SessionEnded, SessionTitle } from '@webxterm/contracts/grpc';
import { MachineMetadata, ResourceStats as ShownStats } from '@webxterm/contracts/rest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyFacts, anyText, anyU64 } from '../testing/arbitrary-facts.ts';
import { readCapabilities, readEnd, readFacts, readLabels, readStats, readTitle, readUptime } from './agent-claims.ts';

const text = anyText(1000);
const facts = anyFacts(text, 100)
  // Encoded and decoded, like facts from the wire.
  .map((said) => MachineFacts.decode(MachineFacts.encode(MachineFacts.fromPartial(said)).finish()));
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : [];

describe('a report of an agent', () => {
  it('in its hello fits the contract and is shown without change', () => {
    fc.assert(
      fc.property(facts, text, (said, address) => {
        const { metadata, ...rest } = readFacts(said, address);
        expect(MachineMetadata.parse(metadata)).toEqual(metadata);
        const labels = readLabels(said);
        expect(labels.tags.length).toBeLessThanOrEqual(32);
        expect(new Set(labels.tags).size).toBe(labels.tags.length);
        for (const shown of textsOf([metadata, rest, labels])) {
          expect(shown.replaceAll('\n', '')).not.toMatch(unseen);
          expect([...shown].length).toBeLessThanOrEqual(500);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of its memory is bounded, and a missing figure stays missing', () => {
    const said = MachineFacts.fromPartial({
      memTotalMb: 2n ** 63n,
      diskTotalGb: 2n ** 64n - 1n,
      cpuCores: 0xffff_ffff,
    });
    expect(readFacts(said, '').metadata).toMatchObject({ mem_total_mb: 1e9, disk_total_gb: 1e9, cpu_cores: 65_536 });
    expect(readFacts(undefined, '10.0.0.1')).toMatchObject({ ip_address: '10.0.0.1', metadata: { mem_total_mb: 0 } });
  });

  it('of its load is within the possible range', () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300));
    fc.assert(
      fc.property(any, any, anyU64, (percent, rate, uptime) => {
        const stats = readStats(
          ResourceStats.fromPartial({
            cpuPercent: percent,
            memoryPercent: percent,
            diskPercent: percent,
            networkInbound: rate,
            networkOutbound: rate,
          }),
        );
        expect(ShownStats.parse(stats)).toEqual(stats);
        for (const part of [stats.cpu_percent, stats.memory_percent, stats.disk_percent])
          expect(part >= 0 && part <= 100).toBe(true);
        expect(stats.network_inbound >= 0 && stats.network_inbound <= 1e6).toBe(true);
        expect(Number.isSafeInteger(readUptime(uptime)) && readUptime(uptime) < 4e9).toBe(true);
      }),
    );
  });

  it('of the end of a session is a short word each', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (cause, signal, exitCode) => {
        const end = readEnd(SessionEnded.fromPartial({ cause, signal, exitCode }));
        expect(end.cause).not.toBe('');
        for (const shown of [end.cause, end.signal ?? '']) expect(shown).not.toMatch(unseen);
      }),
    );
  });

  it('of its sessions is a line each that fits the event', () => {
    fc.assert(
      fc.property(text, text, text, (title, command, directory) => {
        const said = readTitle(SessionTitle.fromPartial({ sessionId: Buffer.alloc(16), title, command, directory }));
        expect(SessionTitlesEvent.parse({ agent_id: `ag_${'x'.repeat(26)}`, titles: [said] }).titles).toEqual([said]);
        for (const shown of textsOf(said)) expect(shown).not.toMatch(unseen);
      }),
    );
  });
});

describe('the capabilities in a hello', () => {
  const kinds = new Map([
    ['pty', 1],
    ['pipe', 1],
  ]);

  it('count if the hub knows them, whatever else the agent names', () => {
    const known = ['pty', 'pipe', ...agentFeatures];
    fc.assert(
      fc.property(fc.subarray(known), fc.array(fc.string(), { minLength: 1 }), (reported, others) => {
        const unknown = others.filter((name) => !known.includes(name));
        fc.pre(reported.length + unknown.length > 0);
        expect(readCapabilities([...unknown, ...reported, ...unknown, ...reported], kinds)).toEqual(reported);
      }),
    );
  });

  it('of an agent that names none are those of earlier agents', () => {
    expect(readCapabilities([], kinds)).toEqual(['pty', 'command']);
  });
});
