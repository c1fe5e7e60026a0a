import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { echoWithinMs, mostStrokes, Predictor } from './predictor.ts';
import { type Echo, FarShell } from './testing/far-shell.ts';

const left = '\x1b[D';
const right = '\x1b[C';
const backspace = '\x7f';

/** A shell whose echo was observed, so the next typed key is predicted. */
const echoing = (after: Echo[] = []): FarShell => {
  const shell = new FarShell('editor', after);
  shell.type('e');
  shell.settle();
  return shell;
};

describe('prediction of typed text for a distant shell', () => {
  it('shows nothing until a key of the line was seen to be echoed', () => {
    const shell = new FarShell();
    shell.type('l');
    shell.type('s');
    expect(shell.foreseen).toBeUndefined();
    shell.take();
    shell.arrive();
    expect(shell.shown).toBe('$ ls');
    expect(shell.foreseen).toEqual({ y: 0, x: 4, cells: [{ column: 3, character: 's' }] });
    shell.settle();
    expect(shell.foreseen).toBeUndefined();
    expect(shell.shown).toBe('$ ls');
  });

  it('shows insertion, deletion and movement within what was typed', () => {
    const shell = echoing();
    for (const key of ['c', 'h', left, left, 'x', right, backspace]) shell.type(key);
    expect([shell.shown, shell.foreseen?.x]).toEqual(['$ exh', 4]);
    shell.settle();
    expect(shell.shown).toBe('$ exh');
  });

  it('does not move or delete beyond what was typed', () => {
    for (const key of [left, backspace]) {
      const shell = new FarShell();
      shell.type('a');
      shell.settle();
      for (const again of [key, key, 'b']) shell.type(again);
      expect(shell.foreseen?.x).toBe(2);
      shell.settle();
      expect(shell.foreseen).toBeUndefined();
    }
  });

  it('removes a prediction that the program contradicts, once the key is applied and its time is over', () => {
    const shell = echoing(['double']);
    shell.type('\r');
    shell.settle();
    const odd = new FarShell('double');
    odd.type('a');
    odd.take();
    odd.arrive();
    odd.arrive();
    odd.pass(echoWithinMs - 1);
    expect(odd.predictor.nextAt).toBeDefined();
    odd.pass(1);
    expect([odd.predictor.nextAt, odd.foreseen]).toEqual([undefined, undefined]);
  });

  it('rolls a wrong guess back', () => {
    const shell = echoing();
    shell.type('x');
    expect(shell.shown).toBe('$ ex');
    // The program beeps and echoes nothing, so only the ack arrives.
    shell.predictor.applied(2, shell.now);
    expect(shell.shown).toBe('$ ex');
    shell.pass(echoWithinMs);
    expect(shell.shown).toBe('$ e');
    shell.type('y');
    expect(shell.shown).toBe('$ e');
  });

  it('stops at the last column', () => {
    const shell = echoing();
    for (const key of 'abcdefghijklmnopqrstuvwxyz') shell.type(key);
    expect(shell.foreseen?.x).toBe(23);
    expect(shell.shown).toBe('$ eabcdefghijklmnopqrst');
    shell.settle();
    expect(shell.foreseen).toBeUndefined();
  });

  it('shows nothing after Enter before the next line has echoed', () => {
    const shell = echoing();
    for (const key of ['x', '\r', 'h', 'i']) shell.type(key);
    expect(shell.shown).toBe('$ ex');
    shell.take();
    shell.take();
    for (let i = 0; i < 4; i += 1) shell.arrive();
    shell.pass(echoWithinMs);
    expect(shell.foreseen).toBeUndefined();
    shell.take();
    shell.arrive();
    expect([shell.shown, shell.foreseen?.x]).toEqual(['$ hi', 4]);
  });

  it('shows nothing at a password prompt, masked or not, nor for a star that a mask happens to equal', () => {
    for (const echo of ['silent', 'masked'] as const) {
      const shell = echoing([echo]);
      shell.type('\r');
      shell.settle();
      for (const key of ['s', '*', '3', '*', '*', 'c']) {
        shell.type(key);
        expect(shell.foreseen).toBeUndefined();
        shell.take();
        shell.arrive();
        expect(shell.foreseen).toBeUndefined();
        shell.arrive();
        shell.pass(echoWithinMs);
      }
    }
  });

  it('shows nothing after output that no key caused, because its program may have changed the echo', () => {
    const shell = echoing();
    shell.predictor.saw({ y: 1, x: 10, cells: [...'Password: '.padEnd(24)] }, shell.now);
    shell.type('s');
    expect(shell.foreseen).toBeUndefined();
  });

  it('shows nothing in a full-screen program, and keeps no keys from it', () => {
    const shell = echoing();
    shell.type('x');
    shell.predictor.saw(undefined, shell.now);
    expect(shell.foreseen).toBeUndefined();
    shell.type('y');
    expect(shell.predictor.nextAt).toBeUndefined();
  });

  it('keeps a bounded number of keys', () => {
    const shell = echoing();
    for (let i = 0; i < mostStrokes + 1; i += 1) shell.type(i % 2 === 0 ? 'a' : backspace);
    expect(shell.foreseen).toBeUndefined();
    shell.settle();
    shell.type('b');
    shell.take();
    shell.arrive();
    shell.type('c');
    expect(shell.foreseen).toBeDefined();
  });

  it('drops its predictions when the screen is reset', () => {
    const shell = echoing();
    shell.type('x');
    shell.predictor.reset();
    expect(shell.foreseen).toBeUndefined();
    shell.settle();
    expect(shell.shown).toBe('$ ex');
  });

  it('predicts nothing of a paste, of a wide character, or before the first screen', () => {
    const shell = echoing();
    shell.type('this is longer than a hand types at once');
    expect(shell.foreseen).toBeUndefined();
    const wide = echoing();
    wide.type('日');
    expect(wide.foreseen).toBeUndefined();
    const blind = new Predictor();
    blind.typed('a', 1);
    expect(blind.foreseen).toBeUndefined();
  });
});

const keys = fc.constantFrom('a', 'b', 'c', ' ', '*', left, right, backspace, '\r', '\t');
const step = fc.oneof(
  { weight: 4, arbitrary: keys.map((key) => ({ kind: 'type' as const, key })) },
  { weight: 3, arbitrary: fc.boolean().map((slow) => ({ kind: 'take' as const, slow })) },
  { weight: 5, arbitrary: fc.constant({ kind: 'arrive' as const }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 120 }).map((ms) => ({ kind: 'pass' as const, ms })) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(step, { maxLength: 80 });
const run = (shell: FarShell, taken: Step): void => {
  if (taken.kind === 'type') shell.type(taken.key);
  else if (taken.kind === 'take') shell.take(taken.slow);
  else if (taken.kind === 'arrive') shell.arrive();
  else shell.pass(taken.ms);
};
const echo = fc.constantFrom<Echo>('editor', 'silent', 'masked', 'double');

describe('whatever is typed, and whenever it is answered', () => {
  it('the screen ends as it would without prediction', () => {
    fc.assert(
      fc.property(echo, fc.array(echo, { maxLength: 5 }), steps, (first, after, all) => {
        const shell = new FarShell(first, after);
        for (const taken of all) run(shell, taken);
        shell.settle();
        expect(shell.foreseen).toBeUndefined();
        expect(shell.shown).toBe(shell.truth);
        expect(shell.predictor.nextAt).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('a prompt that echoes nothing, or stars, has nothing drawn over it', () => {
    fc.assert(
      fc.property(fc.constantFrom<Echo>('silent', 'masked'), steps, (hidden, all) => {
        const shell = echoing([hidden, hidden, hidden]);
        shell.type('\r');
        for (const taken of all) {
          run(shell, taken);
          if (/^Password/.test(shell.shown)) expect(shell.foreseen).toBeUndefined();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('the prediction equals the output of a line editor that answers in time', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const shell = echoing();
        const mirror = echoing();
        for (const taken of all) {
          if (taken.kind === 'type') {
            if (leavesTyped(mirror, taken.key)) continue;
            mirror.type(taken.key);
            mirror.take();
          }
          // Time does not advance here, so the line editor is never late.
          if (taken.kind !== 'pass') run(shell, taken.kind === 'take' ? { kind: 'take', slow: false } : taken);
          expect(shell.shown.trimEnd()).toBe(mirror.truth);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Keys without a prediction: they leave the typed part, or reach the last column. */
const leavesTyped = ({ cursor: { x, start, length } }: FarShell, key: string): boolean =>
  /[\r\t]/.test(key) ||
  (key === right && x === length) ||
  ((key === left || key === backspace) && x === start) ||
  (!/[\x1b\x7f]/.test(key) && length > 20);
