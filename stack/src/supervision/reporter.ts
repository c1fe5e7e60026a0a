import type { Writable } from 'node:stream';
import { prettyFactory } from 'pino-pretty';

/** Where a stack tells what goes on. */
export interface Reporter {
  /** Of the stack itself. */
  say(text: string): void;
  /** A line that a process printed. */
  line(name: string, line: string): void;
}

export const silentReporter: Reporter = { say: () => {}, line: () => {} };

const nameWidth = 12;
const colours = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];

/** mongod and nats-server tell much; only their warnings and errors are worth a person's eyes. The rest is in the log files. */
const worthShowing = (name: string, line: string): boolean => {
  if (name === 'mongod') return /"s":"[EF]"/.test(line);
  if (name === 'nats') return /\[(ERR|FTL)\]/.test(line);
  return line !== '';
};

/** Prefixes each line with who said it, makes pino's JSON readable, colours only for a terminal. */
export const consoleReporter = (output: Writable, colour: boolean): Reporter => {
  const pretty = prettyFactory({
    colorize: colour,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,service,instance',
    singleLine: true,
  });
  const seen: string[] = [];
  const prefix = (name: string): string => {
    if (!seen.includes(name)) seen.push(name);
    const padded = name.padEnd(nameWidth);
    if (!colour) return `${padded} | `;
    return `\u001b[${colours[seen.indexOf(name) % colours.length]}m${padded} |\u001b[0m `;
  };
  const readable = (line: string): string => (line.startsWith('{') ? String(pretty(line)).trimEnd() : line);
  return {
    say: (text) => void output.write(`${text}\n`),
    line: (name, line) => {
      if (worthShowing(name, line)) output.write(`${prefix(name)}${readable(line)}\n`);
    },
  };
};
