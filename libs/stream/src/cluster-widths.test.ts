import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { clusterWidths } from './cluster-widths.ts';
import { EmulatorWidths } from './emulator-widths.ts';

/** `text` as clusters, each with its width. */
const clustersOf = (text: string): [text: string, width: number][] => {
  const found: [string, number][] = [];
  let preceding = 0;
  for (const character of text) {
    preceding = clusterWidths.charProperties(character.codePointAt(0) ?? 0, preceding);
    const joined = (preceding & 1) === 1 ? (found.pop()?.[0] ?? '') : '';
    found.push([joined + character, (preceding >> 1) & 3]);
  }
  return found;
};

const one: readonly (readonly [name: string, text: string, width: number])[] = [
  ['a letter with marks', 'e\u0301\u0323', 1],
  ['a family', '👨‍👩‍👧', 2],
  ['a skin tone', '👍🏽', 2],
  ['a job with a skin tone', '👩🏽‍🚀', 2],
  ['a flag', '🇩🇪', 2],
  ['a rainbow flag', '🏳️‍🌈', 2],
  ['a warning sign as an emoji', '⚠️', 2],
  ['a warning sign as text', '⚠', 1],
  ['a keycap', '1️⃣', 2],
  ['a watch', '⌚︎', 2],
  ['a Korean syllable', '한', 2],
  ['a Korean syllable in parts', '\u1112\u1161\u11ab', 2],
  ['a Tamil syllable', 'நி', 1],
  ['a Thai one', 'กำ', 1],
];

describe('a cluster', () => {
  it.each(one)('is one character with the width of %s', (_name, text, width) => {
    expect(clustersOf(text)).toEqual([[text, width]]);
  });

  it('ends as Unicode defines', () => {
    const text = `a${one.map(([, cluster]) => cluster).join('')}🇩🇪🇫🇷🇩x👨👩\u200d字1`;
    const segments = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)];
    expect(clustersOf(text).map(([cluster]) => cluster)).toEqual(segments.map(({ segment }) => segment));
  });

  it('has at most 16 characters more than its first', () => {
    expect(clustersOf(`a${'\u0301'.repeat(17)}`).map(([cluster]) => cluster.length)).toEqual([17, 1]);
  });
});

describe('the columns of an emulator', () => {
  it.each([
    ['nobody asked', '', '👨‍👩‍👧⚠️', 7],
    ['a program asked', '\x1b[?2027h', '👨‍👩‍👧⚠️', 4],
    ['it asked for more at once', '\x1b[?25;2027h', '👨‍👩‍👧⚠️', 4],
    ['it took it back', '\x1b[?2027h\x1b[?2027l', '👨‍👩‍👧⚠️', 7],
    ['the screen was reset', '\x1b[?2027h\x1bc', '👨‍👩‍👧⚠️', 7],
  ])('when %s', async (_name, asked, text, columns) => {
    const terminal = new headless.Terminal({ cols: 40, rows: 5, allowProposedApi: true });
    const replies: string[] = [];
    const widths = new EmulatorWidths(terminal, (reply) => replies.push(reply));
    await new Promise<void>((read) => terminal.write(`${asked}\x1b[?2027$p${text}`, read));
    expect(terminal.buffer.active.cursorX).toBe(columns);
    expect(replies).toEqual([`\x1b[?2027;${widths.clusters ? 1 : 2}$y`]);
    expect(widths.clusters).toBe(columns === 4);
  });
});
