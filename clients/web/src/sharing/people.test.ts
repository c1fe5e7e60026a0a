import type { Participant } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { mayType, othersSentence, peopleIn } from './people.ts';

const person = (number: number, name: string, more: Partial<Participant> = {}): Participant => ({
  ...{ number, name, owner: false, control: false, types: false, asks: false, typesAlways: false },
  ...more,
});
const ann = person(1, 'ann', { owner: true, control: true });
const bob = person(3, 'bob');

describe('the people at a session', () => {
  it('are the owner once, whatever the number of windows, and each guest', () => {
    const second = { ...ann, number: 2, types: true };
    expect(peopleIn([ann, second, bob], 2)).toEqual([
      { ...ann, types: true, me: true },
      { ...bob, me: false },
    ]);
    expect(peopleIn([], 0)).toEqual([]);
  });

  it('have names without control characters and changes of direction', () => {
    expect(peopleIn([person(1, 'e\u202evil\u001b[31m')], 9)[0]?.name).not.toMatch(/[\u001b\u202e]/);
  });

  it.each([
    ['nobody else', [ann], 1, undefined],
    ['a guest who watches', [ann, bob], 1, 'bob is watching'],
    ['the owner, for a guest', [ann, bob], 3, 'ann is here'],
    ['who types before the others', [ann, bob, person(4, 'eve', { types: true })], 1, 'eve types, and 1 more'],
  ] as const)('are named by a sentence: %s', (_what, list, you, sentence) => {
    expect(othersSentence(peopleIn(list, you))).toBe(sentence);
  });

  it('type with control, when it is their turn or always', () => {
    const guest = (more: Partial<Participant>): boolean => mayType(person(2, 'bob', more));
    expect([{}, { types: true }, { control: true }].map(guest)).toEqual([false, false, false]);
    expect(
      [
        { control: true, types: true },
        { control: true, typesAlways: true },
      ].map(guest),
    ).toEqual([true, true]);
  });
});
