import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attach, make } from './testing/test-session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const inShell = { state: 'shell', command: '', directory: '/' } as const;
const program = (command: string) => ({ state: 'program', command, directory: '/' }) as const;

type Viewer = ReturnType<typeof attach>;
const reports = (viewer: Viewer): string[] =>
  viewer.frames.flatMap((frame) => (frame.type === 'foreground' ? [`${frame.state} ${frame.program}`.trim()] : []));

const bench = () => {
  const made = make();
  made.shell.foreground = inShell;
  const pass = (ms: number): void => {
    for (let spent = 0; spent < ms; spent += 10) {
      made.clock.now += 10;
      vi.advanceTimersByTime(10);
    }
  };
  return { ...made, pass };
};

describe('what has the foreground of a terminal', () => {
  it('is reported at each attach, and on a change after output', () => {
    const { session, shell, print, pass } = bench();
    const first = attach(session, 'a', { repaints: true });
    expect(reports(first)).toEqual(['shell']);
    shell.foreground = program('make');
    print('\r\n');
    pass(140);
    expect(reports(first)).toEqual(['shell']);
    pass(1000);
    const second = attach(session, 'b', { repaints: true });
    shell.foreground = inShell;
    print('$ ');
    pass(1000);
    expect(reports(first)).toEqual(['shell', 'program make', 'shell']);
    expect(reports(second)).toEqual(['program make', 'shell']);
  });

  it('is reported 150 ms after output', () => {
    const { session, shell, print, pass } = bench();
    const viewer = attach(session, 'a', { repaints: true });
    pass(2000);
    shell.foreground = program('make');
    print('\r\n');
    pass(150);
    expect(reports(viewer)).toEqual(['shell', 'program make']);
  });

  it('is looked at once more half a second later, for a program that started late', () => {
    const { session, shell, print, pass } = bench();
    const viewer = attach(session, 'a', { repaints: true });
    pass(2000);
    print('\r\n');
    pass(200);
    shell.foreground = program('late');
    pass(440);
    expect(reports(viewer)).toEqual(['shell']);
    pass(20);
    expect(reports(viewer)).toEqual(['shell', 'program late']);
  });

  it('is looked at at most twice a second, however much is printed, and not at all without output', () => {
    const { session, shell, print, pass } = bench();
    attach(session, 'a', { repaints: true });
    pass(2000);
    shell.looks = 0;
    for (let n = 0; n < 1000; n += 1) {
      print('y\r\n');
      pass(10);
    }
    expect(shell.looks).toBeGreaterThanOrEqual(19);
    expect(shell.looks).toBeLessThanOrEqual(21);
    pass(2000);
    shell.looks = 0;
    pass(60_000);
    expect(shell.looks).toBe(0);
  });

  it('is looked at only while a viewer is attached that gets reports, and the session lives', () => {
    const { session, shell, print, exit, pass } = bench();
    const raw = attach(session, 'raw');
    const recorder = attach(session, 'record', { role: 'record', repaints: true });
    print('x');
    pass(2000);
    expect([reports(raw), reports(recorder), shell.looks]).toEqual([[], [], 0]);
    const viewer = attach(session, 'a', { repaints: true });
    viewer.attachment.broken();
    shell.looks = 0;
    print('x');
    pass(2000);
    expect(shell.looks).toBe(0);
    attach(session, 'b', { repaints: true });
    exit(0);
    shell.looks = 0;
    pass(2000);
    const late = attach(session, 'c', { repaints: true });
    expect([reports(late), shell.looks]).toEqual([[], 0]);
    session.forget();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes to the newer attachment of a viewer, and stays when the older one breaks', () => {
    const { session, shell, print, pass } = bench();
    const older = attach(session, 'a', { repaints: true });
    const newer = attach(session, 'a', { repaints: true });
    older.attachment.broken();
    shell.foreground = program('make');
    print('\r\n');
    pass(1000);
    expect([reports(older), reports(newer)]).toEqual([['shell'], ['shell', 'program make']]);
  });

  it('is not looked at any more once the viewer has attached again without a request for reports, as a raw client does', () => {
    const { session, shell, print, pass } = bench();
    const page = attach(session, 'a', { repaints: true });
    pass(2000);
    const raw = attach(session, 'a');
    shell.looks = 0;
    shell.foreground = program('make');
    print('x');
    pass(2000);
    expect([reports(page), reports(raw), shell.looks]).toEqual([['shell'], [], 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no name for guests, and at most 80 characters for the owner', () => {
    const { session, shell } = bench();
    shell.foreground = program(`${'é'.repeat(79)}😀`);
    const guest = attach(session, 'g', { userId: 'guest', repaints: true });
    const owner = attach(session, 'o', { repaints: true });
    expect(reports(guest)).toEqual(['program']);
    expect(reports(owner)).toEqual([`program ${'é'.repeat(79)}\ufffd`]);
  });

  it('is not reported if it is unknown, and the last known one stays', () => {
    const { session, shell, print, pass } = bench();
    shell.foreground = undefined;
    const viewer = attach(session, 'a', { repaints: true });
    pass(2000);
    expect(reports(viewer)).toEqual([]);
    shell.foreground = { state: 'carrier', command: 'ssh', directory: '' };
    print('x');
    pass(1000);
    shell.foreground = undefined;
    print('x');
    pass(1000);
    expect(reports(viewer)).toEqual(['carrier ssh']);
  });
});
