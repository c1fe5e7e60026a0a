import { withinDeadline } from '@webxterm/contracts/deadline';
import { expect, it } from 'vitest';
import { Pty } from '../shell/pty.ts';
import { shellIntegration } from './shell-integration.ts';

/** The output of an interactive bash for these lines, each typed at a prompt. */
const typed = async (rc: string, lines: readonly string[]): Promise<string> => {
  const chunks: Buffer[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const env = { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', HOME: '/', RC: rc };
  const bash = 'exec bash --noprofile --rcfile <(printf "%s" "$RC") -i';
  const pty = new Pty(
    { file: '/bin/bash', args: ['-c', bash], env, cwd: '/' },
    { cols: 80, rows: 24 },
    {
      onOutput: (bytes) => chunks.push(Buffer.from(bytes)),
      onEnd: resolve,
    },
  );
  const input = Buffer.from(`${[...lines, 'exit'].join('\n')}\n`);
  for (let at = 0; at < input.length; ) at += Math.max(0, pty.write(input.subarray(at)));
  await withinDeadline(20_000, ended, () => new Error(`bash did not end: ${Buffer.concat(chunks)}`));
  return Buffer.concat(chunks).toString();
};

/** The marks and the lines `[…]`, in their order. */
const marksIn = (text: string): string[] =>
  [...text.matchAll(/\x1b\]133;([^\x07]*)\x07|\[([^\][\r\n]*)\]\r/g)].map(([, mark, line]) => mark ?? `[${line}]`);

const lines = ['echo "[one]"', 'false', '', 'echo "[$?]"', '(exit 7)', 'bash -c "echo [$__webxterm_marks]"'];
const marks = [
  ...['A', 'C', '[one]', 'D;0', 'A', 'C', 'D;1', 'A', 'D;1', 'A', 'C', '[1]', 'D;0', 'A', 'C', 'D;7', 'A', 'C', '[1]'],
  ...['D;0', 'A', 'C'],
];

it.each([
  ['nothing else in the rc file', ''],
  ['hooks that run before and after and change $?', 'PROMPT_COMMAND="true"; PROMPT_COMMAND="$PROMPT_COMMAND; :"\n'],
  ['a prompt that is set anew each time', 'PROMPT_COMMAND=\'PS1="\\w \\$ "\'\n'],
  ['hooks in an array, and a PS0', 'PROMPT_COMMAND=(true :); PS0="before"\n'],
  ['set -u', 'set -u\n'],
])('bash marks prompt, output and exit code once each, with %s', async (_what, rc) => {
  const snippet = shellIntegration('bash');
  const found = marksIn(await typed(`${rc}${snippet}${snippet}`, lines));
  // The first prompt ends no command.
  expect(found.filter((mark, at) => at > 0 || mark !== 'D;0')).toEqual(
    marks.flatMap((mark) => (mark === 'A' ? ['A', 'B'] : [mark])),
  );
});

it('is silent where bash is not interactive', async () => {
  expect(
    marksIn(await typed('', [`bash -c '${shellIntegration('bash').replaceAll("'", `'\\''`)} echo "[done]"'`])),
  ).toEqual(['[done]']);
});
