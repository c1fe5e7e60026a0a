import { randomBytes } from 'node:crypto';
import { maxListedSessions } from '@webxterm/contracts/bus';
import { SessionInfo } from '@webxterm/contracts/grpc';
import { MacKey } from '@webxterm/shared/bus';
import { expect, it } from 'vitest';
import { SessionLists } from './session-lists.ts';

const infoOf = (idBytes: number): SessionInfo => SessionInfo.fromPartial({ sessionId: randomBytes(idBytes) });

it.each([
  ['with an id that is none', [infoOf(15)]],
  ['of too many sessions', Array.from({ length: maxListedSessions + 1 }, () => infoOf(16))],
])('logs a list %s once for each link, and publishes no later list of that link', (_what, sessions) => {
  const subjects: string[] = [];
  const warnings: object[] = [];
  const bus = { publish: (subject: string) => void subjects.push(subject), subscribe: () => expect.fail() };
  const logger = { warn: (facts: object) => void warnings.push(facts), error: () => expect.fail() };
  const lists = new SessionLists(bus, logger, new MacKey(randomBytes(32), 'these messages'), () => 0);
  const link = { isOpen: true, identity: { agentId: 'ag_1' }, since: new Date(0), onClose: () => () => {} };
  for (let at = 0; at < 200; at += 1) lists.receive(link, { sessions });
  lists.receive(link, { sessions: [infoOf(16)] });
  expect([warnings.length, subjects]).toEqual([1, []]);
  lists.receive({ ...link }, { sessions: [infoOf(16)] });
  expect([warnings.length, subjects.length]).toEqual([1, 1]);
});
