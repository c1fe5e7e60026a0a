import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';
import { AppError, createLogger } from '@webxterm/shared';
import type { AuditFact } from '@webxterm/shared/audit';
import { expect, it } from 'vitest';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { ForwardAudit } from './forward-audit.ts';

const sessionId = Buffer.alloc(16, 1);
const request = { agentId: 'ag_1', sessionId, target: 'localhost:5432' } as AttachmentRequest;

const watched = (fails = false) => {
  const facts: AuditFact[] = [];
  const counted: string[] = [];
  const over: (string | undefined)[] = [];
  const left: string[] = [];
  let end: ((why: 'signed_out') => void) | undefined;
  const audit = new ForwardAudit(
    {
      auditor: {
        record: async (fact) => {
          if (fails) throw new AppError('unavailable');
          facts.push(fact);
        },
        count: async (kind, fact) => {
          counted.push(kind);
          facts.push(fact);
        },
      },
      logger: createLogger({ service: 'test', level: 'silent' }),
    },
    { requestId: 'r', clientIp: '192.0.2.1', userAgent: '', caller: { userId: 'u', username: 'ann', sid: 's' } },
  );
  const events = audit.watch(
    request,
    { frame: () => {}, waiting: () => {}, drained: () => {}, over: (error) => over.push(error?.code) },
    () => left.push('left'),
  );
  const slot = audit.slot({
    onEnd: (act) => {
      end = act;
    },
    end: () => {},
    attachAs: () => {},
    holds: () => {},
    leave: () => left.push('slot'),
  });
  slot.onEnd(() => {});
  const frame = (sent: DownFrame): void => events.frame(Buffer.from(encodeDown(sent)));
  const accept = (offset: number, inputApplied: number, created: boolean): void =>
    frame({
      ...{ type: 'accepted', created, driver: true, offset, head: offset, liveFrom: offset },
      ...{ inputApplied, inputLimit: 1000, cols: 0, rows: 0 },
    });
  return { facts, counted, over, left, audit, events, slot, frame, accept, endFromHere: () => end?.('signed_out') };
};

const row = ({ action, reason, result, details }: AuditFact) => [action, result, reason, details];
const target = { target: 'localhost:5432' };

it('has a row when the machine is connected, and one with the bytes of this WebSocket and the reason', async () => {
  const { facts, frame, accept, slot } = watched();
  accept(0, 0, true);
  frame({ type: 'output', offset: 0, payload: new Uint8Array(100) });
  frame({ type: 'input_ack', applied: 40, limit: 1000 });
  frame({ type: 'ended', finalOffset: 100, cause: 'shell_exit', exitCode: 0, signal: undefined });
  slot.leave();
  expect(facts.map(row)).toEqual([
    ['forward_opened', undefined, undefined, target],
    ['forward_ended', undefined, 'closed', { ...target, bytes_up: 40, bytes_down: 100 }],
  ]);
  expect(facts[0]).toMatchObject({ agentId: 'ag_1', sessionId: sessionId.toString('base64url') });
});

it('counts from where a client has attached again, over a change of the hub', () => {
  const { facts, frame, accept, audit, slot } = watched();
  accept(500, 70, false);
  frame({ type: 'output', offset: 500, payload: new Uint8Array(20) });
  accept(520, 80, false);
  frame({ type: 'output', offset: 520, payload: new Uint8Array(5) });
  audit.closed(1006);
  slot.leave();
  expect(facts.map(row)).toEqual([
    ['forward_opened', undefined, undefined, { ...target, resumed: true }],
    ['forward_ended', undefined, 'broken', { ...target, bytes_up: 10, bytes_down: 25 }],
  ]);
});

it.each([
  ['left', (it: ReturnType<typeof watched>) => it.audit.closed(1000)],
  ['signed_out', (it: ReturnType<typeof watched>) => it.endFromHere()],
  ['machine_not_found', (it) => it.frame({ type: 'refused', code: 'machine_not_found', message: 'No.' })],
  [
    'broken_off',
    (it) => it.frame({ type: 'ended', finalOffset: 0, cause: 'shell_exit', exitCode: 1, signal: undefined }),
  ],
  [
    'access_revoked',
    (it) => it.frame({ type: 'ended', finalOffset: 0, cause: 'access_revoked', exitCode: 1, signal: undefined }),
  ],
] satisfies [string, (it: ReturnType<typeof watched>) => void][])('names %s as the reason', (reason, act) => {
  const tried = watched();
  tried.accept(0, 0, true);
  act(tried);
  tried.slot.leave();
  expect(tried.facts.map((fact) => fact.reason)).toEqual([undefined, reason]);
});

it('counts refused connections, with their target', () => {
  const { facts, counted, frame, slot, events } = watched();
  frame({ type: 'refused', code: 'forward_refused', message: 'No.' });
  events.over(new AppError('unavailable'));
  slot.leave();
  expect(facts.map(row)).toEqual([['forward_opened', 'denied', 'forward_refused', target]]);
  expect(counted).toEqual(['forward_refused u ag_1']);
});

it('ends a connection that cannot be audited', async () => {
  const { over, left, accept } = watched(true);
  accept(0, 0, true);
  await new Promise(setImmediate);
  expect([over, left]).toEqual([['unavailable'], ['left']]);
});
