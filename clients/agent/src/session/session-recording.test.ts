import type { DownFrame } from '@webxterm/contracts/frames';
import { describe, expect, it, vi } from 'vitest';
import { attach, make } from './testing/test-session.ts';

const mib = 1024 * 1024;
const slack = 64 * 1024;

const kinds = (frames: readonly DownFrame[]): string[] => frames.map(({ type }) => type);

describe('a recorder', () => {
  it('gets the output with its times and sizes, and is not the driver', async () => {
    const { session, clock, print, shell } = make('terminal', undefined, 'on');
    const viewer = attach(session, 'a', { size: { cols: 90, rows: 30 } });
    clock.now = 100;
    print('one');
    const recorder = attach(session, 'r', { role: 'record', from: 0 });
    clock.now = 250;
    print('two');
    await vi.waitFor(() => expect(recorder.text()).toBe('onetwo'));
    viewer.send({ type: 'resize', cols: 100, rows: 40 });
    expect(kinds(recorder.frames)).toEqual(['accepted', 'times', 'output', 'times', 'output', 'size']);
    expect(recorder.frames[0]).toMatchObject({ driver: false, cols: 90, rows: 30 });
    expect(recorder.frames[1]).toEqual({ type: 'times', marks: [{ offset: 0, ms: 100 }] });
    expect(recorder.last('times')).toEqual({ type: 'times', marks: [{ offset: 3, ms: 250 }] });
    expect(viewer.last('times')).toBeUndefined();
    recorder.send({ type: 'resize', cols: 20, rows: 20 });
    expect(shell.sizes.at(-1)).toEqual({ cols: 100, rows: 40 });
  });

  it('types nothing, and counts as nobody: not as a viewer, nor as the owner who is there', () => {
    const { session, shell, clock } = make('terminal', undefined, 'on');
    const viewer = attach(session, 'a');
    const recorder = attach(session, 'r', { role: 'record', from: 0 });
    expect(session.attachmentCount).toBe(1);
    recorder.type(0, 'x');
    expect(recorder.last('refused')).toMatchObject({ code: 'view_only' });
    expect(shell.typed).toBe('');
    viewer.send({ type: 'detach', reason: 'left' });
    attach(session, 'r', { role: 'record', from: 0 });
    clock.now = 5000;
    expect([session.attachmentCount, session.isUnread]).toEqual([0, false]);
  });

  it('that is `on` never makes the process wait, and receives the gap', async () => {
    const { session, shell, print } = make('terminal', undefined, 'on');
    const recorder = attach(session, 'r', { role: 'record', from: 0 });
    for (let n = 0; n < 40; n += 1) print(new Uint8Array(slack));
    expect(shell.paused).toBe(false);
    recorder.send({ type: 'limit', acked: slack, limit: 3 * mib });
    const gapsNow = () => recorder.frames.filter((frame) => frame.type === 'gap');
    // Output may wait 2 ms for more.
    await vi.waitFor(() => expect(gapsNow().at(-1)?.to).toBe(40 * slack - mib));
    const gaps = gapsNow();
    expect(gaps[0]?.from).toBe(slack);
    for (const [index, { from }] of gaps.entries()) expect(from).toBe(gaps[index - 1]?.to ?? slack);
  });

  it('that is `required` is waited for from the first byte, then a ring behind what it has stored', async () => {
    const { session, shell, print } = make('terminal', undefined, 'required');
    attach(session, 'a');
    expect(shell.paused).toBe(true);
    const viewer = attach(session, 'a');
    const recorder = attach(session, 'r', { role: 'record', from: 0, recording: 'required' });
    viewer.send({ type: 'limit', acked: 0, limit: 4 * mib });
    expect(shell.paused).toBe(false);
    for (let n = 0; n < 15; n += 1) print(new Uint8Array(slack));
    viewer.send({ type: 'limit', acked: 15 * slack, limit: 4 * mib });
    expect(shell.paused).toBe(true);
    // The recorder has not yet stored the bytes that it has received.
    recorder.send({ type: 'limit', acked: 0, limit: 2 * mib });
    await vi.waitFor(() => expect(recorder.attachment.cursor.next).toBe(15 * slack));
    expect(shell.paused).toBe(true);
    recorder.attachment.broken();
    const next = attach(session, 'r2', { role: 'record', from: 10, recording: 'required' });
    expect(shell.paused).toBe(true);
    next.send({ type: 'limit', acked: slack, limit: 2 * mib });
    expect(shell.paused).toBe(false);
    expect(next.last('gap')).toBeUndefined();
  });

  it('is a witness of the end: the output stays until a recorder has stored it', () => {
    const { session, print, exit } = make('terminal', undefined, 'on');
    const viewer = attach(session, 'a');
    const first = attach(session, 'r', { role: 'record', from: 0 });
    print('last words');
    first.attachment.broken();
    exit(3);
    viewer.send({ type: 'limit', acked: 10, limit: mib });
    expect(session.seenToTheEnd).toBe(false);
    const second = attach(session, 'r2', { role: 'record', from: 4 });
    expect(second.text()).toBe(' words');
    expect(second.last('ended')).toMatchObject({ finalOffset: 10, exitCode: 3 });
    second.send({ type: 'limit', acked: 9, limit: mib });
    expect(session.seenToTheEnd).toBe(false);
  });

  it('is no longer waited for once it has stored the end', () => {
    const { session, print, exit } = make('terminal', undefined, 'on');
    const recorder = attach(session, 'r', { role: 'record', from: 0 });
    print('x');
    recorder.send({ type: 'limit', acked: 1, limit: mib });
    exit(0);
    expect(session.seenToTheEnd).toBe(false);
    const again = attach(session, 'r', { role: 'record', from: 0 });
    again.send({ type: 'limit', acked: 1, limit: mib });
    expect(session.seenToTheEnd).toBe(true);
  });

  it('goes on in another agent process, with times that do not go back', () => {
    const { session, clock, print } = make('terminal', undefined, 'required');
    attach(session, 'r', { role: 'record', from: 0, recording: 'required' });
    clock.now = 700;
    print('abc');
    session.freeze(true);
    const handed = session.handOver(undefined);
    expect(handed.recording).toEqual({ required: true, stored: 0, ageMs: 700, times: [[0, 700]] });
    const next = make('terminal', handed);
    next.clock.now = 30;
    next.print('def');
    const recorder = attach(next.session, 'r', { role: 'record', from: 0 });
    expect(recorder.frames.flatMap((frame) => (frame.type === 'times' ? frame.marks : []))).toEqual([
      { offset: 0, ms: 700 },
      { offset: 3, ms: 730 },
    ]);
    for (let n = 0; n < 15; n += 1) next.print(new Uint8Array(slack));
    expect(next.shell.paused).toBe(true);
  });

  it('of a session of an older agent begins with what is there', () => {
    const { session, print } = make();
    print('abc');
    session.freeze(true);
    const { recording: _none, ...older } = session.handOver(undefined);
    const next = make('terminal', older);
    const recorder = attach(next.session, 'r', { role: 'record', from: 0 });
    expect(recorder.text()).toBe('abc');
    expect(recorder.last('times')).toBeUndefined();
  });
});
