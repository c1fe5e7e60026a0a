import { expect, it } from 'vitest';
import { cleanHtml, withoutTrailingBlanks } from './output-copy.ts';

it('lines are copied without blanks at their ends, and with those at their beginnings', () => {
  expect(withoutTrailingBlanks('  a b  \n~\t \n\n  \nc\u00a0')).toBe('  a b\n~\n\n\nc');
});

it('copied HTML has no quote in its style, no blanks at the ends of lines, and keeps coloured ones', () => {
  const font = `"Fira Code", 'SF Mono', monospace`;
  const row = (cells: string): string => `<div>${cells}</div>`;
  const html = `<pre><div style='color: #fff; font-family: ${font}; font-size: 14px;'>`;
  expect(
    cleanHtml(`${html}${row('<span>ls  </span>')}${row("<span>a </span><span style='b: c;'>  </span>")}`, font),
  ).toBe(
    "<pre><div style='color: #fff; font-family: monospace; font-size: 14px;'>" +
      row('<span>ls</span>') +
      row("<span>a </span><span style='b: c;'>  </span>"),
  );
});
