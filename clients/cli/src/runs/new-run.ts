import { type NewRun, RunId } from '@webxterm/contracts/rest';
import { exitCode, Failure } from '../failure.ts';

/** The options of `vsay run` that describe the run. */
export interface RunOptions {
  readonly machine?: readonly string[];
  readonly tag?: string;
  readonly search?: string;
  readonly failedOf?: string;
  readonly env?: readonly string[];
  readonly linuxUser?: string;
  readonly timeout?: string;
  readonly concurrency?: string;
  readonly stopAfter?: string;
  readonly wait?: string;
}

const usage = (message: string): Failure => new Failure(message, exitCode.usage);

const numberOf = (name: string, text: string): number => {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw usage(`--${name} is a number from 1 on.`);
};

/** `50`, or `10%` of the machines. */
const paceOf = (text: string): Pick<NewRun, 'concurrency' | 'concurrency_percent'> =>
  text.endsWith('%')
    ? { concurrency_percent: numberOf('concurrency', text.slice(0, -1)) }
    : { concurrency: numberOf('concurrency', text) };

/** The value may contain equals signs. */
const variableOf = (text: string): readonly [string, string] => {
  const at = text.indexOf('=');
  if (at < 1) throw usage('--env is NAME=VALUE.');
  return [text.slice(0, at), text.slice(at + 1)];
};

const hoursLater = (text: string, now: number): string =>
  new Date(now + numberOf('wait', text) * 3_600_000).toISOString();

/** Requires that the machines are named in one way. @throws Failure */
export const requireTargets = ({ machine = [], tag, search, failedOf }: RunOptions): void => {
  const ways = [machine.length > 0, tag !== undefined || search !== undefined, failedOf !== undefined];
  if (ways.filter((way) => way).length !== 1)
    throw usage('Name the machines in one way: by --machine, by --tag and --search, or by --failed-of.');
  if (failedOf !== undefined && !RunId.safeParse(failedOf).success)
    throw usage('--failed-of is the id of a run, as vsay run prints it.');
};

/** The request for a run. `agentIds`: of the machines that are named. `now`: ms since the epoch. @throws Failure */
export const newRun = (command: string, options: RunOptions, agentIds: readonly string[], now: number): NewRun => {
  const { tag, search, failedOf, env = [], linuxUser, timeout, concurrency, stopAfter, wait } = options;
  return {
    command,
    ...(agentIds.length > 0 && { agent_ids: [...new Set(agentIds)] }),
    ...(tag !== undefined && { tag }),
    ...(search !== undefined && { search }),
    ...(failedOf !== undefined && { failed_of: failedOf }),
    ...(env.length > 0 && { environment: Object.fromEntries(env.map(variableOf)) }),
    ...(linuxUser !== undefined && { linux_user: linuxUser }),
    ...(timeout !== undefined && { timeout_seconds: numberOf('timeout', timeout) }),
    ...(concurrency !== undefined && paceOf(concurrency)),
    ...(stopAfter !== undefined && { stop_after_failures: numberOf('stop-after', stopAfter) }),
    ...(wait !== undefined && { wait_until: hoursLater(wait, now) }),
  };
};
