// Runs as root on a machine of e2e/containers/service.containers.ts. Acts as hub and host of an agent run by systemd, and prints the
// results as one line of JSON. service-probe.ts install | restart | killed | damaged | ...
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { countSleeps } from './sleeps.ts';
import { TestHub } from './test-hub.ts';
import { TestViewer } from './test-viewer.ts';

const hostPort = 7080;
const main = path.join(import.meta.dirname, '..', 'main.ts');
const run = promisify(execFile);
const bash = async (script: string): Promise<string> => (await run('bash', ['-c', script])).stdout.trim();

const hub = new TestHub();
hub.port = 7081;

const serveHost = (): void => {
  createServer((_request, response) => {
    const grpc = { addresses: [hub.address], tls: false };
    response.end(JSON.stringify({ name: 'WebXTerm', version: '1', installation_id: 'i', grpc }));
  }).listen(hostPort, '127.0.0.1');
};

const until = async (holds: () => boolean | Promise<boolean>): Promise<number> => {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > 60_000) throw new Error(`this did not come to hold: ${holds}`);
    await wait(20);
  }
  return Math.round(performance.now() - began);
};

const linkAgain = async (act: string): Promise<void> => {
  const linked = hub.nextLink();
  await bash(act);
  await linked;
};

const shell = async (): Promise<TestViewer> => {
  const viewer = new TestViewer(hub);
  await viewer.attach({ create: true });
  viewer.type("echo rea''dy\n");
  await viewer.seen('ready\r\n');
  return viewer;
};

/** Starts a command that ignores SIGTERM and leaves its session. */
const command = async (seconds: number): Promise<void> => {
  const line = `(trap '' TERM; exec env -i sleep ${seconds}) & setsid env -i sleep ${seconds} & wait`;
  const order = { commandId: 'c', userId: 'u1', command: line, timeoutMs: 600_000, maxOutputBytes: 0, linuxUser: '' };
  hub.send({ $case: 'command', value: { ...order, kept: undefined, requestId: 'r' } });
  await until(() => countSleeps(seconds) === 2);
};

const agent = async (...args: string[]): Promise<{ code: number; said: string }> => {
  const reported = await run(process.execPath, [main, ...args]).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      said: error.stdout + error.stderr,
    }),
  );
  return { code: reported.code, said: reported.said.trim() };
};

const show = (property: string): Promise<string> => bash(`systemctl show --value --property ${property} vsay-agent`);

const scenarios: Record<string, () => Promise<object>> = {
  install: async () => {
    const linked = hub.nextLink();
    const host = `http://127.0.0.1:${hostPort}`;
    const configured = await agent('configure', '--token', 'vsay_ak_x', '--host', host, '--linux-user', 'dev1');
    await linked;
    return { ...configured, enabled: await show('UnitFileState'), active: await show('ActiveState') };
  },
  fromHome: async () => {
    const clone = '/home/dev1/webxterm';
    await bash(`mkdir ${clone} && mount --bind ${path.join(import.meta.dirname, '../../../..')} ${clone}`);
    const program = `${process.execPath} ${clone}/clients/agent/src/main.ts`;
    const configure = `configure --token vsay_ak_x --host http://127.0.0.1:${hostPort} --linux-user dev1`;
    const before = await bash('cat /etc/vsay/agent.yaml /etc/systemd/system/vsay-agent.service | sha256sum');
    const tell = (command: string): Promise<string> => bash(`${program} ${command} 2>&1; echo "exit $?"`);
    const said = [await tell(configure), await tell('start')];
    const after = await bash('cat /etc/vsay/agent.yaml /etc/systemd/system/vsay-agent.service | sha256sum');
    await bash(`umount ${clone} && rmdir ${clone}`);
    return { said, unchanged: before === after };
  },
  startBeside: async () => {
    await linkAgain('systemctl start vsay-agent');
    const pid = await show('MainPID');
    const second = await agent('start');
    return { ...second, stays: pid === (await show('MainPID')) && (await agent('status')).code === 0 };
  },
  restart: async () => {
    await linkAgain('systemctl start vsay-agent');
    const viewer = await shell();
    viewer.type("nohup sleep 7101 >/dev/null 2>&1 &\ntmux new-session -d 'sleep 7102'\nsleep 7103\n");
    await until(() => countSleeps(7101) + countSleeps(7102) + countSleeps(7103) === 3);
    await command(7104);
    const began = performance.now();
    await linkAgain('systemctl restart vsay-agent');
    const tookMs = Math.round(performance.now() - began);
    const { cause } = await viewer.frame('ended');
    await shell();
    const left = {
      nohup: countSleeps(7101),
      tmux: countSleeps(7102),
      foreground: countSleeps(7103),
      command: countSleeps(7104),
    };
    await bash('pkill -x sleep; true');
    return { ...left, cause, tookMs };
  },
  killed: async () => {
    await linkAgain('systemctl start vsay-agent');
    const viewer = await shell();
    viewer.type('nohup sleep 7201 >/dev/null 2>&1 &\nsleep 7203\n');
    await until(() => countSleeps(7201) + countSleeps(7203) === 2);
    await command(7204);
    const linked = hub.nextLink();
    await bash(`kill -KILL ${await show('MainPID')}`);
    const commandGoneMs = await until(() => countSleeps(7204) === 0);
    await until(() => countSleeps(7203) === 0);
    await linked;
    const left = { nohup: countSleeps(7201), restarts: await show('NRestarts') };
    await bash('pkill -x sleep; true');
    return { ...left, commandGoneMs };
  },
  killedWithGuard: async () => {
    await linkAgain('systemctl start vsay-agent');
    hub.send({
      $case: 'command',
      value: {
        commandId: 'c',
        userId: 'u1',
        command: "trap '' TERM; sleep 7304; true",
        timeoutMs: 600_000,
        kept: undefined,
        requestId: 'r',
        maxOutputBytes: 0,
        linuxUser: '',
      },
    });
    await until(() => countSleeps(7304) === 1);
    await linkAgain('systemctl kill --signal=KILL vsay-agent');
    return { commandGoneMs: await until(() => countSleeps(7304) === 0) };
  },
  damaged: async () => {
    await bash('systemctl stop vsay-agent; cp /etc/vsay/agent.key /root/agent.key; truncate -s 60 /etc/vsay/agent.key');
    await bash('systemctl start vsay-agent; true');
    await until(async () => ['failed', 'inactive'].includes(await show('ActiveState')));
    const facts = { active: await show('ActiveState'), status: await show('ExecMainStatus') };
    // Longer than RestartSec.
    await wait(5000);
    const later = { later: await show('ActiveState'), restarts: await show('NRestarts') };
    await bash('cp /root/agent.key /etc/vsay/agent.key; systemctl reset-failed vsay-agent');
    return { ...facts, ...later };
  },
  readOnly: () => withoutDisk('mount -o remount,ro /etc/vsay'),
  full: () => withoutDisk('dd if=/dev/zero of=/etc/vsay/fill bs=4k status=none 2>/dev/null; true'),
  noShell: async () => {
    const configure = ['configure', '--token', 'vsay_ak_x', '--host', `http://127.0.0.1:${hostPort}`];
    await bash('usermod --shell /usr/bin/no-such-shell dev1');
    const before = await bash('sha256sum /etc/vsay/agent.yaml');
    const reported = await agent(...configure, '--linux-user', 'dev1');
    const unchanged = before === (await bash('sha256sum /etc/vsay/agent.yaml'));
    await bash('usermod --shell /bin/bash dev1');
    return { ...reported, unchanged };
  },
  busybox: async () => {
    const programs = ['su', 'setpriv', 'setsid', 'env'].map((name) => `/usr/bin/${name}`);
    for (const program of programs) await bash(`mv ${program} ${program}.away; ln -s /bin/busybox ${program}`);
    await linkAgain('systemctl start vsay-agent');
    const viewer = await shell();
    viewer.type('echo "is [$(id -un): $(id -Gn)], on [$(stat -c %U $(tty))]"\n');
    await viewer.seen('is [dev1: dev1 deploy], on [dev1]');
    const said = await agent('status');
    for (const program of programs) await bash(`mv ${program}.away ${program}`);
    return said;
  },
  noSu: async () => {
    await bash('mv /usr/bin/su /usr/bin/su.away');
    await linkAgain('systemctl start vsay-agent');
    await shell();
    const without = await agent('status');
    await bash('mv /usr/bin/su.away /usr/bin/su');
    await shell();
    return { without, again: await agent('status') };
  },
  stop: async () => {
    await linkAgain('systemctl start vsay-agent');
    await command(7401);
    await bash('systemctl stop vsay-agent');
    return { result: await show('Result'), active: await show('ActiveState'), command: countSleeps(7401) };
  },
};

/** Puts the agent's folder on its own disk, which cannot be written from the agent's second start on. */
const withoutDisk = async (spoil: string): Promise<object> => {
  await bash('systemctl stop vsay-agent; cp -a /etc/vsay /root/kept; mount -t tmpfs -o size=64k tmpfs /etc/vsay');
  await bash(`cp -a /root/kept/. /etc/vsay/; ${spoil}`);
  try {
    await linkAgain('journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; systemctl start vsay-agent');
    hub.kill();
    const linked = hub.nextLink();
    await hub.start();
    await linked;
    await shell();
    const lines = await bash(`journalctl --unit vsay-agent --output cat | grep -c 'going on without the disk' || true`);
    return {
      ...(await agent('status')),
      lines: Number(lines),
      dials: hub.hellos.map(({ generation }) => Number(generation)),
    };
  } finally {
    await bash('systemctl stop vsay-agent; umount /etc/vsay; rm -r /root/kept');
  }
};

const scenario = scenarios[process.argv[2] ?? ''];
if (scenario === undefined) throw new Error(`one of ${Object.keys(scenarios).join(', ')}`);
// Stops a running agent, because it would take the first link.
await bash('systemctl stop vsay-agent 2>/dev/null; true');
serveHost();
await hub.start();
process.stdout.write(`${JSON.stringify(await scenario())}\n`);
process.exit();
