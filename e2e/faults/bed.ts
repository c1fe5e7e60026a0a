import type { ChildProcess } from 'node:child_process';
import { onlineMachine, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { VsayAgent } from '../support/vsay-agent.ts';
import { type FaultyProxy, startFaultyProxy } from './proxy.ts';

/** Two instances of each service but the gateway, and an agent that reaches the hubs through a proxy. */
export interface Bed {
  readonly stack: TestStack;
  readonly rest: Rest;
  readonly agentId: string;
  readonly agent: ChildProcess;
  /** Between viewers and gateway. */
  readonly gateway: FaultyProxy;
  /** Between agent and hubs. */
  readonly link: FaultyProxy;
  signal(name: string, signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export const makeBed = async (): Promise<Bed> => {
  const stack = await startTestStack({ agent: false, replicas: 2 });
  const { token, user } = await new Rest(stack.url).login(stack.admin);
  const rest = new Rest(stack.url, token);
  const gateway = await startFaultyProxy([Number(new URL(stack.url).port)]);
  const link = await startFaultyProxy(stack.grpc.map((address) => Number(address.split(':').at(-1))));
  const vsay = new VsayAgent();
  const configured = await vsay.finish(
    'configure',
    ...['--host', stack.url, '--token', user.api_key, '--name', 'faulty', '--grpc', `127.0.0.1:${link.port}`],
  );
  if (configured.code !== 0) throw new Error(configured.text);
  const agent = vsay.run('start');
  const { agent_id: agentId } = await onlineMachine(rest);
  return {
    stack,
    rest,
    agentId,
    agent: agent.process,
    gateway,
    link,
    signal: (name, signal) => {
      const found = stack.processes().find((process) => process.name === name);
      if (found === undefined) throw new Error(`${name} does not run`);
      process.kill(found.pid, signal);
    },
    stop: async () => {
      await agent.stop();
      await gateway.close();
      await link.close();
      await stack.stop();
    },
  };
};
