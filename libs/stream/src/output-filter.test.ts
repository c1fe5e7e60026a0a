import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroundScanner } from './ground-scanner.ts';
import { OutputFilter } from './output-filter.ts';

const size = { cols: 80, rows: 24 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const filtered = (text: string, filter = new OutputFilter(size)): string => filter.push(bytes(text)).join('');
const huge = '2147483647';

/** Output of normal programs and malicious output. */
const fragment = fc.oneof(
  fc.constantFrom(
    '\x1b',
    '\x1b[',
    '\x1b]',
    '\x1bP',
    '\x1b_',
    '\u009b',
    '\u009d',
    '\u0090',
    '\u009c',
    '\x07',
    '\x18',
    '\x1a',
  ),
  fc.constantFrom(
    '\x1b\\',
    '\n',
    '\r\n',
    '\x0b',
    '\x7f',
    '?',
    '>',
    ';',
    ':',
    ' ',
    '$',
    '-',
    'q',
    'm',
    'L',
    'b',
    '8;;x',
    '52;c;QQ',
  ),
  fc.constantFrom(
    '\x1b[31m',
    '\x1b[?1049h',
    '\x1b]0;title\x07',
    '\x1b]8;id=1;http://a\x07',
    '\x1b[2J',
    'é',
    '日本',
    '😀',
    'text',
  ),
  fc.integer({ min: 0, max: 4_000_000_000 }).map(String),
  fc.string({ maxLength: 3 }),
);
const output = fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join(''));

describe('output of programs', () => {
  it.each([
    ['text and lines', 'a\tb\r\nc\x08\x07'],
    ['colours', '\x1b[0;38;2;255;128;0;48:2::1:2:3m\x1b[m'],
    ['moves', '\x1b[H\x1b[999;999H\x1b[6n\x1b[3A\x1b[K'],
    ['counts within the screen', '\x1b[24L\x1b[80X\x1b[1920b\x1b[3S'],
    ['modes', '\x1b[?1049;1006h\x1b[?2026l\x1b[4h\x1b[?2004$p'],
    ['a title', '\x1b]0;vim\x07'],
    ['a link', '\x1b]8;;http://a/?b;c\x07text\x1b]8;;\x07'],
    ['settings', '\x1bP$qm\x1b\\\x1b[>c\x1b[ q\x1b[!p'],
    ['character sets and saved cursors', '\x1b(0lqk\x1b(B\x1b7\x1b8\x1b#8\x1bc\x1bM'],
    ['8-bit controls', '\u009b31m\u0085\u0084'],
    ['every script', 'größe 日本語 한국어 😀👩‍👩‍👧'],
  ])('passes unchanged: %s', (_name, text) => {
    expect(filtered(text)).toBe(text);
  });

  it('does not depend on how its bytes are cut', () => {
    fc.assert(
      fc.property(output, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), (text, cuts) => {
        const all = bytes(text);
        const once = new OutputFilter(size).push(all).join('');
        const filter = new OutputFilter(size);
        let piecewise = '';
        for (let at = 0, n = 0; at < all.length; n += 1) {
          const next = Math.min(all.length, at + (cuts[n] ?? all.length));
          piecewise += filter.push(all.subarray(at, next)).join('');
          at = next;
        }
        expect(piecewise).toBe(once);
      }),
    );
  });

  it('may be cut at the places of the scanner: a filter without the part before continues correctly', () => {
    const piece = fc.oneof(fragment.map(bytes), fc.uint8Array({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        const all = Uint8Array.from(parts.flatMap((part) => [...part]));
        const cut = new GroundScanner().scan(all);
        if (cut < 0) return;
        const whole = new OutputFilter(size);
        whole.push(all.subarray(0, cut));
        // An open link is the only state that continues after a cut.
        whole.push(bytes('\x1b]8;;\x07'));
        const rest = all.subarray(cut);
        expect(whole.push(rest).join('')).toBe(new OutputFilter(size).push(rest).join(''));
      }),
    );
  });

  it('is bounded after the first time', () => {
    fc.assert(
      fc.property(output, (text) => {
        const once = filtered(text);
        expect(filtered(once)).toBe(once);
      }),
    );
  });

  it('stays within the screen, whatever it is', () => {
    fc.assert(
      fc.property(output, (text) => {
        for (const [, marker, number, rest] of filtered(text).matchAll(/\x1b\[([<=>?]?)(\d+)([\x20-\x3f]*[@-~])/g)) {
          const final = rest?.at(-1) ?? '';
          const plain = marker === '' && !/[\x20-\x2f]/.test(rest ?? '');
          const most = !plain
            ? 65_535
            : 'LMST'.includes(final)
              ? 24
              : 'IZ@PX'.includes(final)
                ? 80
                : final === 'b'
                  ? 1920
                  : 65_535;
          expect(Number(number)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});

describe('a number', () => {
  const bounds: Record<string, string> = {
    LMST: '24',
    'IZ@PX': '80',
    b: '1920',
    'ABCDEFGH`adefr': '9999',
    JKcghlmnpqstu: '65535',
  };

  it.each(
    Object.entries(bounds).flatMap(([finals, most]) => [...finals].map((final): [string, string] => [final, most])),
  )('of CSI %s is at most %s', (final, most) => {
    expect(filtered(`\x1b[${huge}${final}`)).toBe(`\x1b[${most}${final}`);
    expect(filtered(`\u009b${huge}${final}`)).toBe(`\x1b[${most}${final}`);
  });

  it('is bounded at every place, and with anything between its digits', () => {
    expect(filtered(`\x1b[1;${huge}H`)).toBe('\x1b[1;9999H');
    expect(filtered(`\x1b[38:2::${huge}:1m`)).toBe('\x1b[38:2::65535:1m');
    expect(filtered(`\x1b[?${huge}h`)).toBe('\x1b[?65535h');
    expect(filtered(`\x1b[${'0'.repeat(100)}7L`)).toBe(`\x1b[${'0'.repeat(100)}7L`);
    expect(filtered(`\x1b[21\n474\x7f83647L`)).toBe('\n\x1b[24L');
  });

  it('follows the size of the screen', () => {
    const filter = new OutputFilter(size);
    filter.resize({ cols: 200, rows: 50 });
    expect(filtered('\x1b[99L\x1b[999X', filter)).toBe('\x1b[50L\x1b[200X');
  });
});

describe('an invalid sequence', () => {
  it.each([
    ['negative', '\x1b[-5Lx', 'x'],
    ['a marker in the middle', '\x1b[1?5Lx', 'x'],
    ['over a thousand characters', `\x1b[${'1;'.repeat(600)}mx`, 'x'],
    ['over a thousand characters before its text', `\x1bP${'1;'.repeat(600)}qtext\x1b\\x`, 'x'],
    ['broken off by a character of another script', '\x1b[1éx', 'x'],
    ['cancelled', '\x1b[1\x18x\x1b]0;t\x1ay', 'xy'],
    ['an application command', '\x1b_Gf=100;AAAA\x1b\\x', 'x'],
    ['a start of string and a privacy message', '\x1bXé\x07é\x1b\\\x1b^é\u009cx', 'x'],
    ['a malformed device control string', '\x1bP1?2qtext\x1b\\x', 'x'],
  ])('is dropped: %s', (_name, text, rest) => {
    expect(filtered(text)).toBe(rest);
  });
});

describe('a string', () => {
  it('of a title is cut after a thousand characters, of anything else dropped after four thousand', () => {
    const long = 'x'.repeat(5000);
    expect(filtered(`\x1b]0;${long}\x07y`)).toBe(`\x1b]0;${'x'.repeat(1020)}\x07y`);
    expect(filtered(`\x1b]4;1;${long}\x07y`)).toBe('y');
    expect(filtered(`\x1bPq${long}\x1b\\y`)).toBe('y');
    expect(filtered(`\x1b]1337;File=inline=1:${long}\x07y`)).toBe('y');
  });

  it('ends at its terminator, whatever follows', () => {
    expect(filtered('\x1b]2;vim\x1b\\\u009d2;vim\u009cx')).toBe('\x1b]2;vim\x07\u009d2;vim\x07x');
    expect(filtered('\x1b]2;vim\x1b_x\x1b\\\x1bP$qm\u009b1')).toBe('\x1b]2;vim\x07');
  });

  it('for the clipboard may be of 256 KiB', () => {
    const text = `\x1b]52;c;${'A'.repeat(256 * 1024)}\x07`;
    expect(filtered(text)).toBe(text);
    expect(filtered(`\x1b]52;c;${'A'.repeat(256 * 1024 + 10)}\x07`)).toBe('');
  });

  it('of many megabytes is not kept', () => {
    const filter = new OutputFilter(size);
    const part = bytes('x'.repeat(64 * 1024));
    for (const begin of ['\x1b]0;', '\x1b]9;', '\x1bPq', '\x1b_G', '\x1b[1', '\x1b(']) {
      filtered(begin, filter);
      for (let n = 0; n < 16; n += 1)
        filter.push(begin === '\x1b[1' || begin === '\x1b(' ? bytes('1;'.repeat(32 * 1024)) : part);
      expect(filtered('\x18', filter).length).toBeLessThan(2048);
    }
    expect(filtered('back', filter)).toBe('back');
  });
});

describe('links', () => {
  const link = (id = ''): string => `\x1b]8;${id};http://a\x07X\x1b]8;;\x07`;

  it('have no id, because a link with an id may cover any number of lines', () => {
    expect(filtered(link('id=1'))).toBe(link());
  });

  it('are limited per number of lines', () => {
    const filter = new OutputFilter(size);
    expect(filtered(link().repeat(600), filter).match(/http/g)?.length).toBe(500);
    filtered('\n'.repeat(200), filter);
    expect(filtered(link().repeat(600), filter).match(/http/g)?.length).toBe(10);
  });

  it('end after four thousand characters', () => {
    const filter = new OutputFilter(size);
    const text = filtered(`\x1b]8;;http://a\x07${'x'.repeat(10_000)}\x1b[31mz`, filter);
    expect(text).toBe(`\x1b]8;;http://a\x07${'x'.repeat(4096)}\x1b]8;;\x07${'x'.repeat(5904)}\x1b[31mz`);
  });
});

describe('text that is invalid in its encoding', () => {
  it('is shown as U+FFFD, and a character that is split between chunks is not', () => {
    const filter = new OutputFilter(size);
    expect(filter.push(Uint8Array.of(0x4d, 0xfc, 0x6c, 0x9b, 0x33)).join('')).toBe('M\ufffdl\ufffd3');
    expect([filter.push(Uint8Array.of(0xe2, 0x82)), filter.push(Uint8Array.of(0xac))]).toEqual([[], ['€']]);
  });

  it('is decoded in another encoding if it is selected', () => {
    const filter = new OutputFilter(size, 'windows-1252');
    expect(filter.push(Uint8Array.of(0x4d, 0xfc, 0x80, 0x9b)).join('')).toBe('Mü€›');
    expect(() => new OutputFilter(size, 'no-such')).toThrow(RangeError);
  });
});

describe('work', () => {
  const large = { cols: 1000, rows: 1000 };

  it.each([
    ['scrolls', '\x1b[1000S', 1],
    ['erases', '\x1b[2J', 1],
    ['repeats', 'a\x1b[99999999b', 1],
    ['resets', '\x1bc', 1],
    ['line feeds', '\n'.repeat(100), 200],
    ['screens', '\x1b[?1049h', 1],
  ])('of %s is done in pieces that leave time for the page', (_name, text, most) => {
    const pieces = new OutputFilter(large).push(bytes(text.repeat(100)));
    expect(pieces.length).toBeGreaterThan(3);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(most * 10 * text.length);
  });

  it('of a usual frame is done in one piece', () => {
    expect(
      new OutputFilter(size).push(
        bytes('a line of eighty characters or so, as they are in any log file\r\n'.repeat(1000)),
      ).length,
    ).toBe(1);
  });
});
