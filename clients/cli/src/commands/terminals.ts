import { endSession, listSessions, type TerminalSession } from '@webxterm/contracts/rest';
import { defaultKind } from '@webxterm/contracts/session-kinds';
import { ask, send } from '@webxterm/rest-client';
import { exitCode, Failure } from '../failure.ts';
import { printJson, printRows, say } from '../output/print.ts';
import { allMachines, findMachine } from '../server/find-machine.ts';
import { pagesOf } from '../server/pages.ts';
import { openServer, type Server } from '../server/server.ts';
import { defaultEscape } from '../terminal/escape.ts';
import { runTerminal } from '../terminal/run-terminal.ts';
import type { ServerOptions } from './options.ts';

export interface TerminalOptions extends Pick<ServerOptions, 'profile'> {
  readonly linuxUser?: string;
  readonly escape?: string;
}

/** One visible ASCII character, or `none`. */
const escapeOf = (text: string = defaultEscape): string | undefined => {
  if (text === 'none') return undefined;
  if (/^[!-~]$/.test(text)) return text;
  throw new Failure('--escape is one character, or none.', exitCode.usage);
};

/** Shows a terminal, and reports its end. @returns the exit code */
const show = async (...args: Parameters<typeof runTerminal>): Promise<number> => {
  const ending = await runTerminal(...args);
  if (ending.sentence !== undefined) say(ending.sentence);
  return ending.exitCode;
};

/** `vsay connect` */
export const connect = async (machine: string, options: TerminalOptions): Promise<number> => {
  const key = escapeOf(options.escape);
  const server = await openServer(options.profile);
  const found = await findMachine(server, machine);
  return show(server, { machine: found, sessionId: undefined, linuxUser: options.linuxUser, escape: key });
};

const allSessions = async ({ fetcher }: Server): Promise<TerminalSession[]> => {
  const found: TerminalSession[] = [];
  for await (const { sessions } of pagesOf((query) => ask(fetcher, listSessions, { query })))
    found.push(...sessions.filter(({ kind }) => kind === defaultKind));
  return found;
};

/** The session whose id begins with this text. @throws Failure if there is none, or several */
const findSession = async (server: Server, wanted: string): Promise<TerminalSession> => {
  const found = (await allSessions(server)).filter(({ session_id }) => session_id.startsWith(wanted));
  const [session, another] = found;
  if (session === undefined)
    throw new Failure('You have no such session. vsay sessions shows yours.', exitCode.notFound);
  if (another !== undefined) throw new Failure('Several sessions begin so: write more of the id.', exitCode.notFound);
  return session;
};

/** `vsay attach` */
export const attach = async (wanted: string, options: TerminalOptions): Promise<number> => {
  const key = escapeOf(options.escape);
  const server = await openServer(options.profile);
  const session = await findSession(server, wanted);
  const machine = await findMachine(server, session.agent_id);
  return show(server, { machine, sessionId: session.session_id, linuxUser: undefined, escape: key });
};

/** `vsay sessions` */
export const sessions = async (options: ServerOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const [found, machines] = await Promise.all([allSessions(server), allMachines(server, {})]);
  const names = new Map(machines.map(({ agent_id, name }) => [agent_id, name]));
  await printRows(options.json === true, found, {
    heads: ['SESSION', 'MACHINE', 'USER', 'OPENED', 'RUNS', 'NAME'],
    row: (session) => [
      session.session_id,
      names.get(session.agent_id) ?? session.agent_id,
      session.linux_user ?? '',
      session.created_at,
      session.command ?? '',
      session.name ?? session.title ?? '',
    ],
    none: 'No sessions.',
  });
};

/** `vsay end` */
export const end = async (wanted: string, options: ServerOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const { session_id } = await findSession(server, wanted);
  await send(server.fetcher, endSession, { params: { id: session_id } });
  if (options.json === true) await printJson({ ended: session_id });
  else say(`The session ${session_id} ends.`);
};
