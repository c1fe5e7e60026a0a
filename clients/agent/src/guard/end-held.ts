// Run by guard.ts when the agent was killed: ends what it held for people, in the order in which the agent does.
import { Ownership } from '../commands/ownership.ts';
import { readProcess } from '../shell/processes.ts';
import { killAfterHangupMs } from '../shell/pty.ts';
import { signalGroup, signalShell } from '../shell/signals.ts';
import { type HeldShell, parseHeld } from './held.ts';

/** The kernel has hung up already: the agent's side of the terminal is closed. */
const endShell = async ({ pid, startedAt, heldBySu }: HeldShell): Promise<void> => {
  const signal = heldBySu ? signalShell : signalGroup;
  const lives = (): boolean => readProcess(pid)?.startedAt === startedAt;
  if (!lives()) return;
  signal(pid, 'SIGHUP');
  signal(pid, 'SIGCONT');
  await new Promise((resolve) => setTimeout(resolve, killAfterHangupMs));
  if (lives()) signal(pid, 'SIGKILL');
};

const held = parseHeld(process.argv[2] ?? '');
process.stderr.write(`The agent was killed: ending ${held.length} shells and commands that it ran.\n`);
await Promise.all(held.map((one) => (one.kind === 'shell' ? endShell(one) : Ownership.of(one).end())));
process.exit();
