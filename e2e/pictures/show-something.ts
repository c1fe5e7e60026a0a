import type { Recording, SessionShare } from '@webxterm/contracts/rest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from '../support/rest.ts';
import type { TestStack } from '../support/stack.ts';
import type { Shown } from './views.ts';

/** The answer of a call that must succeed. @throws Error with status and body */
const done = async <T>(call: Promise<{ status: number; body: T }>): Promise<T> => {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`refused with ${status}: ${JSON.stringify(body)}`);
  return body;
};

const record = async (rest: Rest, url: string, machine: string): Promise<string> => {
  await done(rest.send('PATCH', '/api/recording-policy', { mode: 'on' }));
  const terminal = await RawTerminal.open(url, machine, { token: rest.token ?? '', cols: 100, rows: 30 });
  // The shell marks its commands.
  await terminal.run("PS0='\\e]133;C\\a'; PS1='\\[\\e]133;D;$?\\a\\e]133;A\\a\\]$ \\[\\e]133;B\\a\\]'");
  for (const [at, line] of ['uname -sr', 'ls /etc | head -n 12', 'ls /nowhere'].entries()) {
    await terminal.type(`${line}\n`);
    const prompts = ({ output }: RawTerminal): number => output.toString().split('\x1b]133;B').length - 1;
    await terminal.until('the next prompt', (shell) => prompts(shell) > at + 1);
  }
  await terminal.type('exit\n');
  await terminal.closed;
  const ended = await eventually('the recording has ended and is indexed', async () => {
    const { recordings } = await done(rest.get<{ recordings: Recording[] }>('/api/recordings'));
    return recordings.find(({ index }) => index === 'ready');
  });
  await done(rest.send('PATCH', '/api/recording-policy', { mode: 'off' }));
  return ended.recording_id;
};

/** Fills a new installation with what its pages show: users, a shell that is shared, a recording, a run. */
export const showSomething = async (stack: TestStack, newcomer: string): Promise<Shown> => {
  const { url } = stack;
  const rest = new Rest(url, (await new Rest(url).login(stack.admin)).token);
  for (const name of [newcomer, 'grace', 'ken', 'margaret']) await new Rest(url).signup(name);
  const machine = (await onlineMachine(rest)).agent_id;
  await done(rest.send('PATCH', `/api/machines/${machine}`, { tags: ['web', 'berlin'] }));
  const recording = await record(rest, url, machine);
  const terminal = await RawTerminal.open(url, machine, { token: rest.token ?? '', cols: 100, rows: 30 });
  await terminal.run('ls --color -l / | head -n 14');
  const session = terminal.sessionId;
  const { share } = await done(
    rest.post<{ share: SessionShare }>(`/api/terminal/sessions/${session}/shares`, { user: newcomer, role: 'view' }),
  );
  const run = await done(
    rest.post<{ run_id: string }>('/api/runs', { command: 'uname -sr; uptime', agent_ids: [machine] }),
  );
  const { request } = await done(
    new Rest(url).post<{ request: string }>('/api/login/program', {
      host: 'laptop',
      scopes: ['see', 'open', 'command'],
      code_challenge: 'B'.repeat(43),
      redirect_uri: 'http://127.0.0.1:49152/',
    }),
  );
  return { machine, session, recording, run: run.run_id, share: share.share_id, programLogin: request };
};
