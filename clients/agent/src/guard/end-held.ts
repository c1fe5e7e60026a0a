// Run by guard.ts after the agent has ended. Ends its shells and commands, and processes they left running, in the same way as the agent.
import { Ownership } from '../commands/ownership.ts';
import { killAfterHangupMs } from '../session/session-kind.ts';
import { readProcess } from '../shell/processes.ts';
import { signalGroup, signalShell } from '../shell/signals.ts';
import { type Held, type HeldShell, parseHeld } from './held.ts';

const shellLives = ({ pid, startedAt }: HeldShell): boolean => {
  const found = readProcess(pid);
  return found?.startedAt === startedAt && !found.zombie;
};

/** The kernel has already hung up the terminal, because the agent's side of it is closed. */
const endShell = async (shell: HeldShell): Promise<void> => {
  const { pid, heldBySu } = shell;
  const signal = heldBySu ? signalShell : signalGroup;
  signal(pid, 'SIGHUP');
  signal(pid, 'SIGCONT');
  await new Promise((resolve) => setTimeout(resolve, killAfterHangupMs));
  if (shellLives(shell)) signal(pid, 'SIGKILL');
};

const lives = (one: Held): boolean => (one.kind === 'shell' ? shellLives(one) : Ownership.of(one).pids().length > 0);

const held = parseHeld(process.argv[2] ?? '').filter(lives);
if (held.length > 0) {
  process.stderr.write(`The agent is gone: ending ${held.length} shells and commands that it left.\n`);
}
await Promise.all(held.map((one) => (one.kind === 'shell' ? endShell(one) : Ownership.of(one).end())));
process.exit();
