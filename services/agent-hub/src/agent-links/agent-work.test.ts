import { inSpan, type Span } from '@webxterm/shared';
import { setTracer } from '@webxterm/shared/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askForWork, workDone } from './agent-work.ts';

const added: object[] = [];
const spanOf = (n: number): Span => ({ traceparent: `context-${n}`, end: () => {} });

beforeEach(() => {
  added.length = 0;
  setTracer({ start: () => undefined, agentWork: (work) => void added.push(work) });
});
afterEach(() => setTracer(undefined));

describe('the work of an agent', () => {
  it('is asked for by traced code only', () => {
    expect(askForWork({}, 'open')).toBeUndefined();
    expect(inSpan(spanOf(1), () => askForWork({}, 'open'))).toBe('context-1');
  });

  it('is placed in the middle of the time since it was asked for, once', () => {
    const link = {};
    inSpan(spanOf(1), () => askForWork(link, 'open', 1000));
    workDone(link, { traceparent: 'context-1', durationUs: 60_000 }, 1100);
    workDone(link, { traceparent: 'context-1', durationUs: 60_000 }, 1200);
    expect(added).toEqual([{ name: 'open', parent: 'context-1', startedAt: 1020, endedAt: 1080 }]);
  });

  it('is no longer than the time since it was asked for, whatever the agent says', () => {
    const link = {};
    inSpan(spanOf(1), () => askForWork(link, 'open', 1000));
    workDone(link, { traceparent: 'context-1', durationUs: 2 ** 32 - 1 }, 1100);
    expect(added).toMatchObject([{ startedAt: 1000, endedAt: 1100 }]);
  });

  it('is ignored if it was not asked for, or on another link', () => {
    const link = {};
    inSpan(spanOf(1), () => askForWork(link, 'open'));
    workDone({}, { traceparent: 'context-1', durationUs: 1 });
    workDone(link, { traceparent: 'context-2', durationUs: 1 });
    expect(added).toEqual([]);
  });

  it('of an agent that never answers is forgotten, the oldest first', () => {
    const link = {};
    for (let n = 0; n < 513; n += 1) inSpan(spanOf(n), () => askForWork(link, 'open'));
    for (const n of [0, 1]) workDone(link, { traceparent: `context-${n}`, durationUs: 1 });
    expect(added).toMatchObject([{ parent: 'context-1' }]);
  });
});
