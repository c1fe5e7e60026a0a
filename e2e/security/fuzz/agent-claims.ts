import { randomBytes } from 'node:crypto';
import type { AgentMessage } from '@webxterm/contracts/grpc';
import { getMachine, listMachines, machineMetrics, recentMachines } from '@webxterm/contracts/rest';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyFacts, anyText, anyU32, anyU64 } from '../../../services/agent-hub/src/testing/arbitrary-facts.ts';
import { launchBrowser } from '../../support/browser.ts';
import { eventually } from '../../support/rest.ts';
import { TerminalPage } from '../../support/terminal-page.ts';
import { enrol } from '../hostile-agent.ts';
import { hubAddress, type World } from '../world.ts';

const machines = 24;

// All of a hello together stay below the 32 KiB that a hub takes before it knows who says it: agent-port.ts tries more.
const text = anyText(200);
const real = fc.oneof(fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1e308, -0, 1e308), fc.double());
const i32 = fc.constantFrom(-(2 ** 31), -1, 0, 255, 2 ** 31 - 1);

const facts = anyFacts(text, 12);

const id = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
const session = fc.record({
  sessionId: id,
  ownerUserId: text,
  kind: text,
  state: text,
  head: anyU64,
  cols: anyU32,
  rows: anyU32,
  createdAtMs: anyU64,
  attachments: anyU32,
});
/** Whatever an agent says on its link beside its hello, and what answers it. */
const said: Arbitrary<NonNullable<AgentMessage['message']>> = fc.oneof(
  fc
    .record({
      cpuPercent: real,
      memoryPercent: real,
      diskPercent: real,
      networkInbound: real,
      networkOutbound: real,
      uptimeSeconds: anyU64,
    })
    .map((value) => ({ $case: 'stats' as const, value })),
  fc.array(session, { maxLength: 5 }).map((sessions) => ({ $case: 'sessions' as const, value: { sessions } })),
  fc
    .record({ sessionId: id, finalOffset: anyU64, exitCode: i32, signal: text, cause: text })
    .map((value) => ({ $case: 'sessionEnded' as const, value })),
  fc
    .array(fc.record({ sessionId: id, title: text, command: text, directory: text }), { maxLength: 5 })
    .map((titles) => ({ $case: 'sessionTitles' as const, value: { titles } })),
  fc
    .record({
      commandId: text,
      stdout: id,
      stderr: id,
      exitCode: i32,
      signal: text,
      timedOut: fc.boolean(),
      truncated: fc.boolean(),
      error: text,
      errorCode: text,
      cancelled: fc.boolean(),
    })
    .map((value) => ({ $case: 'commandOutput' as const, value })),
  text.map((commandId) => ({ $case: 'commandStarted' as const, value: { commandId } })),
);

export const fuzzAgentClaims = (world: () => World): void => {
  describe('agents that were enrolled regularly and report arbitrary values', () => {
    it(`${machines} of them keep every list readable, and the page of an administrator usable`, async () => {
      const { cast, stack, agentId } = world();
      const liar = await world().person(`liar ${randomBytes(3).toString('hex')}`);
      const address = await hubAddress(world());
      const seed = Date.now();
      const drawn = fc.sample(fc.record({ facts, said: fc.array(said, { minLength: 3, maxLength: 8 }) }), {
        seed,
        numRuns: machines,
      });
      const agents = await Promise.all(
        drawn.map(async (one) => {
          const agent = await enrol(address, liar.apiKey, one.facts);
          agent.link.send({
            $case: 'stats',
            value: {
              cpuPercent: Number.NaN,
              memoryPercent: -1,
              diskPercent: 1e308,
              networkInbound: Number.POSITIVE_INFINITY,
              networkOutbound: 0,
              uptimeSeconds: 2n ** 64n - 1n,
            },
          });
          for (const message of one.said) agent.link.send(message);
          return agent;
        }),
      );
      try {
        for (const { rest } of [liar, cast.admin]) {
          const list = await eventually('their figures are there', async () => {
            const { body } = await rest.get('/api/machines?limit=500');
            const read = listMachines.success.schema.safeParse(body);
            expect(read.error, `seed ${seed}`).toBeUndefined();
            const reported = read.data?.machines.filter(({ resource_stats }) => resource_stats !== null) ?? [];
            return reported.length >= machines ? read.data : undefined;
          });
          for (const { name } of list.machines) expect(name, `seed ${seed}`).not.toMatch(/\p{C}|^$/u);
          recentMachines.success.schema.parse((await rest.get('/api/dashboard/recent-machines')).body);
        }
        const [first] = agents;
        if (first === undefined) throw new Error('no agent');
        const path = `/api/machines/${first.welcome.agentId}`;
        getMachine.success.schema.parse((await cast.admin.rest.get(path)).body);
        machineMetrics.success.schema.parse((await cast.admin.rest.get(`${path}/metrics`)).body);
        await looksAround(stack.url, cast.admin, first.welcome.agentId, agentId);
      } finally {
        for (const { link } of agents) link.close();
      }
    });
  });
};

/** In a real browser: the list, a liar's page, and the way to another machine. */
const looksAround = async (
  url: string,
  admin: World['cast']['admin'],
  liarId: string,
  agentId: string,
): Promise<void> => {
  const browser = await launchBrowser();
  try {
    const terminal = await TerminalPage.open(browser);
    const { page, complaints } = terminal;
    await terminal.signIn(url, admin);
    await page.getByRole('table', { name: 'Machines' }).waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(10);
    expect(await page.getByText(/could not be loaded|cannot be read/).count()).toBe(0);
    await page.goto(`${url}/machines/${liarId}`);
    await page.getByRole('region', { name: 'Facts' }).waitFor();
    await page.goto(`${url}/machines/${agentId}`);
    await page.getByRole('heading', { name: 'target' }).waitFor();
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
};
