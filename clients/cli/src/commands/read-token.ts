import { text } from 'node:stream/consumers';
import { exitCode, Failure } from '../failure.ts';

const control = { interrupt: '\x03', endOfInput: '\x04', backspace: '\x7f' } as const;

/** A line that is typed on the terminal without being shown. */
const typedSecret = (question: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let typed = '';
    const done = (act: () => void): void => {
      process.stdin.setRawMode(false);
      process.stdin.pause();
      process.stdin.removeAllListeners('data');
      process.stderr.write('\n');
      act();
    };
    process.stderr.write(question);
    process.stdin.setEncoding('utf8');
    process.stdin.setRawMode(true);
    process.stdin.on('data', (keys: string) => {
      for (const key of keys) {
        if (key === control.interrupt) return done(() => reject(new Failure('No token was given.', exitCode.usage)));
        if (key === '\r' || key === '\n' || key === control.endOfInput) return done(() => resolve(typed));
        typed = key === control.backspace ? typed.slice(0, -1) : typed + key;
      }
    });
  });

/** An access token from the terminal, or from a pipe. @throws Failure if it is none */
export const readToken = async (): Promise<string> => {
  const given = (process.stdin.isTTY ? await typedSecret('Access token: ') : await text(process.stdin)).trim();
  return checkedToken(given);
};

/** @throws Failure if the text is not an access token */
export const checkedToken = (token: string): string => {
  if (/^vsay_pat_[0-9A-Za-z]{36}$/.test(token)) return token;
  throw new Failure('This is not an access token (vsay_pat_…). The Profile page creates one.', exitCode.usage);
};
