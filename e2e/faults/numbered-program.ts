import { createHash } from 'node:crypto';
import { begin, end, numberedBytes, over } from './numbered-stream.ts';

/**
 * `LOAD [MS]`: runs in the terminal under test, whose tty is raw. `slow` and `flood` write numbered lines until anything is typed; `echo`
 * gives back what is typed until EOT; `mirror` gives back, and `sink` swallows, as many bytes as requested. All end with an account of the bytes that they wrote or were given.
 */
const hash = createHash('sha256');
const everyMs = Number(process.argv[3] ?? '5');
let bytes = 0;

const count = (piece: Buffer): Buffer => {
  hash.update(piece);
  bytes += piece.length;
  return piece;
};

const finish = (): void => {
  const [cols, rows] = process.stdout.getWindowSize();
  const account = JSON.stringify({ bytes, sha256: hash.digest('hex'), cols, rows });
  process.stdout.write(Buffer.concat([Buffer.of(end), Buffer.from(account), Buffer.of(over)]), () => process.exit());
};

const slow = (): void => {
  const timer = setInterval(() => process.stdout.write(count(numberedBytes(bytes, 64))), everyMs);
  process.stdin.once('data', () => {
    clearInterval(timer);
    finish();
  });
};

const flood = (): void => {
  let going = true;
  process.stdin.once('data', () => {
    going = false;
  });
  const more = (): void => {
    if (!going) finish();
    else process.stdout.write(count(numberedBytes(bytes, 64 * 1024)), () => setImmediate(more));
  };
  more();
};

const echo = (): void => {
  process.stdin.on('data', (typed: Buffer) => {
    const last = typed.at(-1) === over;
    process.stdout.write(count(last ? typed.subarray(0, -1) : typed));
    if (last) finish();
  });
};

/** Until so many bytes have come, whatever they are. */
const takeAll = (given: (typed: Buffer) => void) => (): void => {
  const total = Number(process.argv[3]);
  process.stdin.on('data', (typed: Buffer) => {
    given(count(typed));
    if (bytes >= total) finish();
  });
};

process.stdout.write(Buffer.of(begin));
const modes = new Map([
  ['slow', slow],
  ['flood', flood],
  ['echo', echo],
  ['mirror', takeAll((typed) => process.stdout.write(typed))],
  ['sink', takeAll(() => {})],
]);
modes.get(process.argv[2] ?? '')?.();
