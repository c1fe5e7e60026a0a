import { encodeDown, type Participant } from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import type { AuditFact } from '@webxterm/shared/audit';
import { describe, expect, it } from 'vitest';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import type { Admission } from '../tickets/admission.ts';
import { type Visit, Visits } from './visits.ts';

const admission: Admission = {
  ...{ kind: 'ticket', sid: 'sid', userId: 'bob', username: 'bob', agentId: 'agent', sessionId: 'session' },
  ...{ viewerId: undefined, mode: 'control', sessionKind: 'pty', shareId: 'share' },
};
const share = {
  ...{ share_id: 'share', owner_signin: '', role: 'control' as const, types_always: false, expires_at: new Date(0) },
};
const request: AttachmentRequest = {
  ...{ requestId: 'r', sid: 'sid', userId: 'bob', ownerUserId: 'ann', ownerUsername: 'ann', agentId: 'agent' },
  ...{ grant: AttachGrant.ATTACH_GRANT_SHARE, share, sessionId: Buffer.alloc(16), viewerId: Buffer.alloc(16) },
  ...{ mode: 'control', recording: 'off', sessionKind: 'pty', edge: EdgeKind.EDGE_KIND_V1, create: false },
  ...{ resumed: false, from: undefined, cols: 80, rows: 24, patienceMs: 0 },
};

const bench = (change: Partial<Admission> = {}) => {
  const clock = { now: 0 };
  const facts: AuditFact[] = [];
  const terminals = new OpenTerminals({ perUser: 9, heldPerUser: 9, elsewhere: () => 0, changed: () => {} });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const visits = new Visits({
    auditor: { record: async (fact) => void facts.push(fact) },
    logger,
    now: () => clock.now,
  });
  const scope = { requestId: 'r', clientIp: '', userAgent: '', caller: admission };
  const begin = (): Visit | undefined => visits.begin({ ...admission, ...change }, terminals.enter(admission), scope);
  const frames = (visit: Visit) => {
    const events = { frame: () => {}, waiting: () => {}, drained: () => {}, over: () => {} };
    const watched = visit.watch(request, events);
    const accepted = { created: false, driver: false, offset: 0, head: 0, liveFrom: 0, inputApplied: 0, inputLimit: 0 };
    const each = { name: '', owner: false, control: true, asks: false, typesAlways: false };
    const participants = (types: boolean): Participant[] => [
      { number: 1, types: !types, ...each },
      { number: 2, types, ...each },
    ];
    return {
      accepted: () => watched.frame(Buffer.from(encodeDown({ type: 'accepted', ...accepted, cols: 80, rows: 24 }))),
      typing: (types: boolean) =>
        watched.frame(Buffer.from(encodeDown({ type: 'presence', you: 2, participants: participants(types) }))),
    };
  };
  return { clock, facts, visits, begin, frames, actions: () => facts.map(({ action }) => action) };
};

describe('the terminal of a guest', () => {
  it('whose share ends before the viewer is there does not open', () => {
    const { visits, begin } = bench();
    const visit = begin();
    expect(visits.shareIds).toEqual(['share']);
    // The share is read here. It was revoked after that, and the viewer comes last.
    visits.end('share');
    const ends: string[] = [];
    visit?.slot.onEnd((why) => ends.push(why));
    expect(ends).toEqual(['share_ended']);
  });

  it('is ended with its share and with no other, until it has left', () => {
    const { visits, begin } = bench();
    const ends: string[] = [];
    const visit = begin();
    visit?.slot.onEnd((why) => ends.push(why));
    visits.end('other');
    visit?.slot.leave();
    visit?.slot.leave();
    visits.end('share');
    expect([ends, visits.shareIds]).toEqual([[], []]);
  });

  it('is not a visit if it is the owner, and has no share if it watches', () => {
    expect(bench({ shareId: undefined }).begin()).toBeUndefined();
    const watching = bench({ shareId: undefined, watches: true });
    expect(watching.begin()).toBeDefined();
    expect(watching.visits.shareIds).toEqual([]);
  });
});

describe('the audit of a guest', () => {
  it('says when it joined, typed and left; periods within a minute are one', () => {
    const { clock, facts, begin, frames, actions } = bench();
    const visit = begin();
    if (visit === undefined) throw new Error('no visit');
    const { accepted, typing } = frames(visit);
    accepted();
    accepted();
    for (const [at, types] of [
      [1000, true],
      [2000, false],
      [3000, true],
      [4000, false],
      [90_000, true],
    ] as const) {
      clock.now = at;
      typing(types);
    }
    clock.now = 91_000;
    visit.slot.leave();
    expect(actions()).toEqual(['share_joined', 'share_typed', 'share_typed', 'share_left']);
    const periods = facts
      .filter(({ action }) => action === 'share_typed')
      .map(({ details }) => [details?.from, details?.to]);
    const time = (ms: number): string => new Date(ms).toISOString();
    expect(periods).toEqual([
      [time(1000), time(4000)],
      [time(90_000), time(91_000)],
    ]);
  });

  it('has no second joining for a guest that attaches again after a break, and nothing for one that was refused', () => {
    const again = bench({ kind: 'pass' });
    const visit = again.begin();
    if (visit === undefined) throw new Error('no visit');
    again.frames(visit).accepted();
    visit.slot.leave();
    expect(again.actions()).toEqual(['share_left']);
    const refused = bench();
    refused.begin()?.slot.leave();
    expect(refused.actions()).toEqual([]);
  });
});
