import { createHash } from 'node:crypto';
import { begin, end, numberedBytes, over } from './numbered-stream.ts';

/**
 * Runs in the terminal under test, whose tty is raw. `slow` and `flood` write numbered lines until anything is typed; `echo`
 * gives back what is typed until EOT. All end with an account of the bytes that they wrote or were given.
 */
const hash = createHash('sha256');
let bytes = 0;

const count = (piece: Buffer): Buffer => {
  hash.update(piece);
  bytes += piece.length;
  return piece;
};

const finish = (): void => {
  const account = JSON.stringify({ bytes, sha256: hash.digest('hex') });
  process.stdout.write(Buffer.concat([Buffer.of(end), Buffer.from(account), Buffer.of(over)]), () => process.exit());
};

const slow = (): void => {
  const timer = setInterval(() => process.stdout.write(count(numberedBytes(bytes, 64))), 5);
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

process.stdout.write(Buffer.of(begin));
const modes = new Map([
  ['slow', slow],
  ['flood', flood],
  ['echo', echo],
]);
modes.get(process.argv[2] ?? '')?.();
