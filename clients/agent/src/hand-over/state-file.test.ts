import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HandedSession } from '../session/handed-session.ts';
import { decodeHandOver, encodeHandOver, type HandOver } from './state-file.ts';

const session = (id: string, kept: Uint8Array): HandedSession => ({
  id,
  ownerUserId: 'u1',
  kind: 'pty',
  createdAtMs: 1,
  head: kept.length + 7,
  kept,
  marks: [{ offset: 0, cols: 80, rows: 24 }],
  seat: { driver: 'u1 v1', progress: { acked: 3, limit: 9 } },
  writers: [['u1 v1', 12]],
  screen: { offset: 7, kept: new Uint8Array([1]), cols: 80, rows: 24, state: new Uint8Array([2, 3]) },
  process: { state: 'running', handed: { pid: 5, fd: 21, startedAt: 99 } },
});

const encoded = (state: HandOver): Buffer => Buffer.concat(encodeHandOver(state));

describe('the state that one agent process hands to the next', () => {
  it('is read as it was written, bytes included', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (rings) => {
        const sessions = rings.map((kept, index) => session(String(index), Buffer.from(kept)));
        const state: HandOver = { version: 1, instanceId: 'i', sessions };
        const read = decodeHandOver(encoded(state));
        expect(read.sessions.map(({ kept }) => [...kept])).toEqual(rings.map((kept) => [...kept]));
        expect(read.sessions.map(({ kept: _kept, ...rest }) => rest)).toEqual(
          sessions.map(({ kept: _kept, ...rest }) => rest),
        );
      }),
    );
  });

  it('is refused as a whole if it is truncated, of another version, or not a state file', () => {
    const state: HandOver = { version: 1, instanceId: 'i', sessions: [session('a', Buffer.alloc(100))] };
    const file = encoded(state);
    for (let length = 0; length < file.length; length += 1)
      expect(() => decodeHandOver(file.subarray(0, length))).toThrow();
    expect(() => decodeHandOver(Buffer.from('#!/bin/sh\necho hello world\n'))).toThrow('unknown');
    const later = Buffer.from(file.toString('latin1').replace('"version":1', '"version":2'), 'latin1');
    expect(() => decodeHandOver(later)).toThrow();
  });
});
