import type { Writable } from 'node:stream';
import { prettyFactory } from 'pino-pretty';

/** Output of a stack. */
export interface Reporter {
  /** A message of the stack itself. */
  say(text: string): void;
  /** A line of output of a process. */
  line(name: string, line: string): void;
}

export const silentReporter: Reporter = { say: () => {}, line: () => {} };

const nameWidth = 12;
const colours = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];

/** mongod and nats-server log a lot. Only warnings and errors are shown; the log files contain the rest. */
const worthShowing = (name: string, line: string): boolean => {
  if (name === 'mongod') return /"s":"[EF]"/.test(line);
  if (name === 'nats') return /\[(ERR|FTL)\]/.test(line);
  return line !== '';
};

/** Prefixes each line with the name of its process and formats pino's JSON. Uses colours only on a terminal. */
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
