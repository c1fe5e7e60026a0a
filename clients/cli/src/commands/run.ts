import { setTimeout as wait } from 'node:timers/promises';
import {
  cancelRun,
  createRun,
  exportRun,
  getRun,
  getRunOutput,
  listRunTargets,
  type Run,
  type RunTarget,
} from '@webxterm/contracts/rest';
import { ApiError, ask, fetchAnswer, UnreachableError, urlOf } from '@webxterm/rest-client';
import { exitCode, Failure } from '../failure.ts';
import { print, printJson, say, withoutControls } from '../output/print.ts';
import { type Group, groupsOf, headingOf } from '../runs/groups.ts';
import { newRun, type RunOptions, requireTargets } from '../runs/new-run.ts';
import { findMachine } from '../server/find-machine.ts';
import { pagesOf } from '../server/pages.ts';
import { openServer, type Server } from '../server/server.ts';
import { commandLine } from './command-line.ts';
import type { ServerOptions } from './options.ts';

export type RunCommandOptions = ServerOptions & RunOptions & { readonly detach?: boolean };

const pollMs = 500;
/** A server that does not answer for this long is given up. The run goes on there. */
const patienceMs = 60_000;
/** Of a run that did not succeed on each machine, and of one that was cancelled by Ctrl+C. */
const [someFailed, interrupted] = [1, 130];

/** `vsay run`. @returns 0 if the command ended with exit code 0 on each machine */
export const run = async (given: readonly string[], options: RunCommandOptions): Promise<number> => {
  const words = given[0] === '--' ? given.slice(1) : given;
  if (words.length === 0) throw new Failure('Name a command: vsay run --tag TAG -- COMMAND', exitCode.usage);
  requireTargets(options);
  const server = await openServer(options.profile);
  const machines = await Promise.all((options.machine ?? []).map((name) => findMachine(server, name)));
  const ids = machines.map(({ agent_id }) => agent_id);
  const started = await ask(server.fetcher, createRun, { body: newRun(commandLine(words), options, ids, Date.now()) });
  if (options.detach === true) {
    if (options.json === true) await printJson(started);
    else await print(`${started.run_id}\n`);
    return 0;
  }
  say(`Run ${started.run_id} on ${machinesText(started.counts.total)}.`);
  const ended = await untilEnded(server, started);
  if (options.json === true) await printLines(server, ended);
  else await printGroups(server, ended);
  if (ended.cause === 'cancelled') return interrupted;
  return ended.counts.succeeded === ended.counts.total ? 0 : someFailed;
};

const machinesText = (count: number): string => (count === 1 ? '1 machine' : `${count} machines`);

/** Waits for the end, and shows how far the run is. Ctrl+C cancels it, and a second one leaves it. */
const untilEnded = async (server: Server, started: Run): Promise<Run> => {
  const params = { run_id: started.run_id };
  const leave = (): never => process.exit(interrupted);
  const cancel = (): void => {
    process.once('SIGINT', leave);
    say('\nThe run is being cancelled. Ctrl+C again leaves it to the server.');
    ask(server.fetcher, cancelRun, { params }).catch(() => say('The server did not take the cancellation.'));
  };
  process.once('SIGINT', cancel);
  try {
    let lastAnswer = performance.now();
    for (let state = started; ; await wait(pollMs)) {
      try {
        state = await ask(server.fetcher, getRun, { params });
        lastAnswer = performance.now();
      } catch (error) {
        const passes = error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500);
        if (!passes || performance.now() - lastAnswer > patienceMs) throw error;
      }
      showProgress(state);
      if (state.state === 'ended') return state;
    }
  } finally {
    process.off('SIGINT', cancel).off('SIGINT', leave);
  }
};

const showProgress = ({ counts, state }: Run): void => {
  if (!process.stderr.isTTY) return;
  const { total, waiting, sent, running, succeeded } = counts;
  const done = total - waiting - sent - running;
  const failed = done - succeeded === 0 ? '' : `  ${done - succeeded} not successful`;
  process.stderr.write(`\r\x1b[K${done} of ${total} ended${failed}${state === 'ended' ? '\n' : ''}`);
};

const printGroups = async (server: Server, { run_id }: Run): Promise<void> => {
  const targets: RunTarget[] = [];
  const pages = pagesOf((at) =>
    ask(server.fetcher, listRunTargets, { params: { run_id }, query: { limit: 500, ...at } }),
  );
  for await (const page of pages) targets.push(...page.targets);
  for (const group of groupsOf(targets)) {
    await print(`${headingOf(group)}\n`);
    if (group.first.output_hash !== null) await printOutput(server, run_id, group);
  }
};

const printOutput = async ({ fetcher }: Server, run_id: string, { first, targets }: Group): Promise<void> => {
  const { agent_id } = first;
  try {
    const { stdout, stderr, truncated } = await ask(fetcher, getRunOutput, { params: { run_id, agent_id } });
    await print(endedLine(stdout));
    process.stderr.write(endedLine(stderr));
    if (truncated) say(`vsay: only the first 64 KiB of each output of ${machinesText(targets.length)} are kept.`);
  } catch (error) {
    if (!(error instanceof ApiError && (error.status === 403 || error.status === 404))) throw error;
    say(`vsay: ${error.message}`);
  }
};

/** The next heading begins a line. */
const endedLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

/** One JSON object a line, for each machine. */
const printLines = async ({ fetcher }: Server, { run_id }: Run): Promise<void> => {
  const answer = await fetchAnswer(fetcher, urlOf(exportRun, { params: { run_id } }), {});
  const decoder = new TextDecoder();
  for await (const bytes of answer.body ?? []) await print(withoutControls(decoder.decode(bytes, { stream: true })));
  await print(withoutControls(decoder.decode()));
};
