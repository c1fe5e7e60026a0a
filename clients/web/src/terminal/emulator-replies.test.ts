import { describe, expect, it } from 'vitest';
import { isUnintended, looksLikeReply, ReplyFilter } from './emulator-replies.ts';

const esc = '\x1b';
const answers: Record<string, string> = {
  'primary attributes': `${esc}[?1;2c`,
  'secondary attributes': `${esc}[>0;276;0c`,
  status: `${esc}[0n`,
  'cursor position': `${esc}[24;80R`,
  'private cursor position': `${esc}[?24;80R`,
  'a mode': `${esc}[?2004;1$y`,
  'an ansi mode': `${esc}[4;2$y`,
  'a setting': `${esc}P1$r0m${esc}\\`,
  'the version': `${esc}P>|xterm.js(6.0.0)${esc}\\`,
  'a colour': `${esc}]11;rgb:0b0b/1111/1515${esc}\\`,
  'window size': `${esc}[8;24;80t`,
  'focus in': `${esc}[I`,
  'two at once': `${esc}[?1;2c${esc}[24;80R`,
};
const keys: Record<string, string> = {
  letter: 'a',
  'arrow up': `${esc}[A`,
  'application arrow': `${esc}OA`,
  home: `${esc}[H`,
  delete: `${esc}[3~`,
  'ctrl+right': `${esc}[1;5C`,
  escape: esc,
  'alt+c': `${esc}c`,
  'bracketed paste': `${esc}[200~ls${esc}[201~`,
  'a mouse click': `${esc}[<0;10;5M`,
  'typed text': 'cat [1;2c',
};

describe('input from the emulator', () => {
  it.each(Object.entries(answers))('%s has the form of a reply', (_, text) => expect(looksLikeReply(text)).toBe(true));
  it.each(Object.entries(keys))('%s has not', (_, text) => expect(looksLikeReply(text)).toBe(false));

  it('a reply followed by keys is no reply', () => {
    expect(looksLikeReply(`${esc}[0nls`)).toBe(false);
    expect(looksLikeReply('')).toBe(false);
  });
});

describe('while output is parsed', () => {
  it('replies to a replay are distinguished from replies to a live program', () => {
    const filter = new ReplyFilter();
    filter.began(false);
    filter.began(true);
    expect(filter.replaying).toBe(true);
    expect(filter.originOf(`${esc}[0n`)).toBe('replay');
    filter.finished();
    expect(filter.replaying).toBe(false);
    expect(filter.originOf(`${esc}[0n`)).toBe('reply');
  });

  it('keys typed in the middle of a replay are kept', () => {
    const filter = new ReplyFilter();
    filter.began(false);
    expect(filter.originOf('l')).toBe('typed');
    expect(filter.originOf(`${esc}[A`)).toBe('typed');
  });

  it('a key with the form of a reply is a key: Ctrl+F3 looks like a cursor report', () => {
    const filter = new ReplyFilter();
    filter.began(false);
    filter.keyPressed(`${esc}[1;5R`);
    expect(filter.originOf(`${esc}[1;5R`)).toBe('typed');
    expect(filter.originOf(`${esc}[1;5R`)).toBe('replay');
  });

  it('focus and motion are never typed, and a button is', () => {
    const unintended = [
      `${esc}[I`,
      `${esc}[O`,
      `${esc}[<35;10;5M`,
      `${esc}[<51;1;1M`,
      `${esc}[<32;2;2M`,
      `${esc}[MC!!`,
    ];
    const intended = [
      `${esc}[<0;10;5M`,
      `${esc}[<0;10;5m`,
      `${esc}[<64;1;1M`,
      `${esc}[M !!`,
      `${esc}[M\`!!`,
      `${esc}[A`,
    ];
    const filter = new ReplyFilter();
    expect(unintended.map((text) => [isUnintended(text), filter.originOf(text)])).toEqual(
      unintended.map(() => [true, 'reply']),
    );
    expect(intended.map((text) => [isUnintended(text), filter.originOf(text)])).toEqual(
      intended.map(() => [false, 'typed']),
    );
  });

  it('everything is typed while no output is parsed', () => {
    const filter = new ReplyFilter();
    filter.began(true);
    filter.finished();
    expect(filter.originOf(`${esc}[1;5R`)).toBe('typed');
    expect(filter.replaying).toBe(false);
  });
});
