import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { joinHostAndPort } from '@webxterm/contracts/host-and-port';
import type { Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ForwardError, ForwardStream } from '@webxterm/terminal-client/node';
import { exitCode, Failure } from '../failure.ts';
import { type LocalForward, readDynamicForward, readLocalForward, readTarget } from '../forwards/local-forward.ts';
import { acceptSocks, readSocksRequest, refuseSocks } from '../forwards/socks.ts';
import { printJson, say } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { codeOfRefusal } from '../server/report.ts';
import { openServer, type Server } from '../server/server.ts';
import { codeOfSignal, endingSignals } from '../terminal/ending.ts';
import type { ServerOptions } from './options.ts';

export interface ForwardOptions extends ServerOptions {
  readonly local?: readonly string[];
  readonly dynamic?: readonly string[];
  readonly stdio?: string;
}

const maxText = 300;

/** The machine, to which this token may forward. @throws Failure */
const reachable = async (server: Server, wanted: string): Promise<Machine> => {
  const machine = await findMachine(server, wanted);
  if (machine.my_rights?.includes('forward') === false)
    throw new Failure(
      `You may not forward to ${plainText(machine.name, 64)}: that needs the right forward, and of an access token the scope forward.`,
      exitCode.refused,
    );
  return machine;
};

type Target = Pick<LocalForward, 'host' | 'hostPort'>;

const connectTo = ({ url, token }: Server, { agent_id: agentId }: Machine, { host, hostPort }: Target): ForwardStream =>
  new ForwardStream({ url: url.origin, agentId, host, port: hostPort, token: async () => token });

const messageOf = (error: unknown): string =>
  plainText(error instanceof Error ? error.message : String(error), maxText);

/** Carries one connection. Each direction ends by itself. A failure of one side resets the other. */
const carry = async (socket: Socket, stream: ForwardStream): Promise<void> => {
  await Promise.all([pipeline(socket, stream), pipeline(stream, socket)]).catch((error: unknown) => {
    stream.destroy();
    socket.resetAndDestroy();
    if (error instanceof ForwardError) say(`vsay: ${messageOf(error)}`);
  });
};

/** A client of -D. */
const carrySocks = async (socket: Socket, connect: (target: Target) => ForwardStream): Promise<void> => {
  const stream = connect(await readSocksRequest(socket));
  try {
    await once(stream, 'connect');
  } catch (error) {
    say(`vsay: ${messageOf(error)}`);
    refuseSocks(socket, error);
    return;
  }
  acceptSocks(socket);
  await carry(socket, stream);
};

const listenOn = async (
  { bind, port }: Pick<LocalForward, 'bind' | 'port'>,
  accept: (socket: Socket) => Promise<void>,
): Promise<AddressInfo> => {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    // A client that sends no request, or leaves before it.
    accept(socket).catch(() => socket.destroy());
  });
  listener.listen(port, bind);
  try {
    await once(listener, 'listening');
  } catch (error) {
    throw new Failure(`vsay cannot listen on ${bind} port ${port}: ${messageOf(error)}.`);
  }
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('a listener has no port');
  return address;
};

/** `vsay forward -W`: one connection on stdin and stdout. */
const onStdio = async (stream: ForwardStream): Promise<void> => {
  process.stdin.pipe(stream);
  stream.pipe(process.stdout);
  try {
    await finished(stream);
  } catch (error) {
    if (error instanceof ForwardError) throw new Failure(messageOf(error), codeOfRefusal(error.code));
    throw error;
  } finally {
    process.stdin.destroy();
  }
};

/** `vsay forward`. @returns the exit code */
export const forward = async (
  wanted: string,
  { local = [], dynamic = [], stdio, profile, json }: ForwardOptions,
): Promise<number> => {
  const forwards = local.map(readLocalForward);
  const proxies = dynamic.map(readDynamicForward);
  const target = stdio === undefined ? undefined : readTarget(stdio);
  if ((target === undefined) === (forwards.length + proxies.length === 0))
    throw new Failure('Say what to forward: -L PORT:HOST:PORT, -D PORT, or -W HOST:PORT.', exitCode.usage);
  const server = await openServer(profile);
  const machine = await reachable(server, wanted);
  if (target !== undefined) {
    await onStdio(connectTo(server, machine, target));
    return 0;
  }
  const connect = (to: Target): ForwardStream => connectTo(server, machine, to);
  const name = plainText(machine.name, 64);
  const listening: { address: string; port: number; target: string | null }[] = [];
  for (const each of forwards) {
    const { address, port } = await listenOn(each, (socket) => carry(socket, connect(each)));
    say(`${joinHostAndPort(address, port)} leads to ${joinHostAndPort(each.host, each.hostPort)} on ${name}.`);
    listening.push({ address, port, target: joinHostAndPort(each.host, each.hostPort) });
  }
  for (const each of proxies) {
    const { address, port } = await listenOn(each, (socket) => carrySocks(socket, connect));
    say(`${joinHostAndPort(address, port)} is a SOCKS proxy, which connects from ${name}.`);
    listening.push({ address, port, target: null });
  }
  if (json === true) await printJson({ machine: machine.agent_id, listening });
  const ended = Promise.withResolvers<number>();
  for (const signal of endingSignals) process.once(signal, () => ended.resolve(codeOfSignal(signal)));
  // The open connections end with this process: the machine resets them.
  process.exit(await ended.promise);
};
