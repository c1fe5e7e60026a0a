import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { reasonOf, StackFailure } from '../failure.ts';
import { configureAgent } from '../local-agent/agent-config.ts';
import type { GatewayAddress } from '../local-agent/registration.ts';
import { projectFolder } from '../project-folder.ts';
import type { StackRuntime } from '../stack.ts';
import { spawnChild } from '../supervision/spawn-child.ts';
import { Supervised } from '../supervision/supervised.ts';
import type { PlannedService, ServiceName } from './service-plan.ts';

/** The services stop their own components within 5 s each. */
const serviceEndWithinMs = 10_000;

/** Environment variables that every child gets. */
const passedOn = /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR)$/;
/** The agent gets more, because its shells run as its user. */
const passedToAgent = /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|USER|LOGNAME|SHELL)$/;

const environmentFor = (runtime: StackRuntime, allowed: RegExp): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(runtime.settings.environment).filter(([name]) => allowed.test(name))),
  NODE_COMPILE_CACHE: join(runtime.settings.cacheDir, 'compiled'),
});

/** A young generation of 1 MB. With the default size, most of the CPU time of an output flood is garbage collection (ADR 15). */
const nodeOptions = ['--disable-sigusr1', '--max-semi-space-size=1'];
/** The services that forward output trigger collections (ADR 16, ADR 48). */
const serviceOptions = [...nodeOptions, '--expose-gc'];
/** A small young generation would reduce the gateway's rate of small requests. */
const gatewayOptions = ['--disable-sigusr1', '--expose-gc'];

const optionsOf = ({ service, name }: PlannedService, inspected: string | undefined): readonly string[] => [
  ...(service === 'gateway' ? gatewayOptions : serviceOptions),
  // Any free port, because two stacks may run, and a restarted service gets another port.
  ...(name === inspected ? ['--inspect=127.0.0.1:0'] : []),
];

/** A stack that runs as root runs this whole checkout as root, so a check in the agent would add nothing. */
const agentOptions = ['--allow-writable-program'];

interface ProcessPlan {
  readonly name: string;
  readonly port: number;
  readonly healthPort?: number;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const superviseNode = (runtime: StackRuntime, plan: ProcessPlan): Supervised => {
  const { name } = plan;
  const supervised = new Supervised({
    name,
    launch: (onSpawn) =>
      spawnChild({
        program: process.execPath,
        args: plan.args,
        environment: plan.environment,
        folder: projectFolder,
        endWithinMs: serviceEndWithinMs,
        onSpawn,
        onLine: (line) => runtime.onLine(name, line),
      }),
    onChange: (pid) => runtime.onChange(name, pid),
    onDeath: (text) => runtime.reporter.say(text),
    onGiveUp: (text) => {
      const lines = runtime.log(name).tail(5);
      runtime.fail(new StackFailure(`${text}:${lines.map((line) => `\n  ${line}`).join('')}`));
    },
  });
  runtime.add(supervised, plan.port, plan.healthPort);
  return supervised;
};

/** Starts all services. They are stopped one by one, the gateway first. */
export const startServices = async (runtime: StackRuntime, planned: readonly PlannedService[]): Promise<void> => {
  const environment = environmentFor(runtime, passedOn);
  const byService = Map.groupBy(planned, (service) => service.service);
  const started: Promise<void>[] = [];
  for (const [service, instances] of byService) {
    const processes = instances.map((instance) =>
      superviseNode(runtime, {
        name: instance.name,
        port: instance.port,
        healthPort: instance.healthPort,
        args: [...optionsOf(instance, runtime.settings.inspect), mainOf(service)],
        environment: { ...environment, ...instance.environment, ...runtime.settings.serviceEnvironment[service] },
      }),
    );
    runtime.atStop(service, async () => void (await Promise.all(processes.map((supervised) => supervised.stop()))));
    started.push(...processes.map((supervised) => supervised.start()));
  }
  await Promise.all(started);
};

const mainOf = (service: ServiceName): string => join('services', service, 'src/main.ts');

export const startAgent = async (
  runtime: StackRuntime,
  gateway: GatewayAddress,
  ca: string | undefined,
): Promise<void> => {
  const { settings } = runtime;
  const config = await configureAgent({
    folder: join(settings.dataDir, 'agent'),
    gateway,
    hub: { ca },
    name: settings.agentName.slice(0, 64) || hostname(),
    linuxUser: userInfo().username,
    admin: runtime.admin,
  }).catch((error: unknown) => {
    throw new StackFailure(`${reasonOf(error)}. WEBXTERM_AGENT=off starts without it`);
  });
  const agent = superviseNode(runtime, {
    name: 'agent',
    port: 0,
    args: [...nodeOptions, join('clients', 'agent', 'src/main.ts'), 'start', '--config', config, ...agentOptions],
    environment: { ...environmentFor(runtime, passedToAgent), ...settings.serviceEnvironment.agent },
  });
  runtime.atStop('agent', () => agent.stop());
  await agent.start();
};
