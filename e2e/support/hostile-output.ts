const esc = '\x1b';
/** At least so many characters of `text`, repeated. */
const repeated = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length));
const numbered = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join('');
/** A colour that returns after 65,536 others. */
const colour = (n: number): string => `${n & 255};${(n >> 8) & 255};${(n * 7) & 255}`;

const counts = [...'LSXITZM@P'].map((final) => `${esc}[2147483647${final}`).join('');

/** Output that is made to keep a page busy, by what it uses. */
export const hostileOutput: Readonly<Record<string, string>> = {
  'repeat counts': repeated(`a${esc}[1000000000b${counts}`, 4_000),
  'a title of 4 MB': `${esc}]0;${'t'.repeat(4_000_000)}\x07`,
  'images of 4 MB': `${esc}Pq${'#'.repeat(4_000_000)}${esc}\\${esc}_G${'A'.repeat(4_000_000)}${esc}\\`,
  'titles and bells': repeated(`${esc}]2;u\x07\x07`, 200_000),
  'a line without end': 'x'.repeat(1_000_000),
  'a colour per character': numbered(20_000, (n) => `${esc}[38;2;${colour(n)}m${esc}[48;2;${colour(n + 7)}mX`),
  ideographs: numbered(20_000, (n) => String.fromCodePoint(0x4e00 + n)),
  'ideographs in styles': numbered(
    20_000,
    (n) => `${esc}[${(n % 2) * 2 + 1};38;5;${n % 256}m${String.fromCodePoint(0x4e00 + n)}`,
  ),
  emoji: numbered(3_000, (n) => String.fromCodePoint(0x1f300 + (n % 0x600))),
  'marks on characters': numbered(
    5_000,
    (n) => `e${numbered(16, (at) => String.fromCodePoint(0x300 + ((n * 7 + at * 13) % 112)))}`,
  ),
  'a palette per line': repeated(
    `${esc}]4;${numbered(200, (n) => `;${n};#${(n * 4099).toString(16).padStart(6, '0')}`).slice(1)}\x07x\r\n`,
    20_000,
  ),
  'two screens in turn': repeated(`${esc}[?1049hHello${esc}[?1049l`, 10_000),
  'erased scrollback': repeated(`${'x\r\n'.repeat(500)}${esc}[3J`, 200_000),
  links: numbered(5_000, (n) => `${esc}]8;id=1;http://a.example/${n}\x07X\r\n`),
  'updates without end': `${esc}[?2026h${repeated('text in one update\r\n', 500_000)}`,
  'marks of commands': '\x1b]133;A\x07\x1b]133;C\x07\x1b]133;D;1\x07'.repeat(100_000),
  'marks of commands on lines': '\x1b]133;A\x07$ \x1b]133;C\x07\n\x1b]133;D;1\x07'.repeat(100_000),
};
