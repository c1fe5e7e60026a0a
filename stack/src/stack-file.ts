import { join } from 'node:path';
import { writePrivateFile } from './data-dir/private-files.ts';

export interface StackProcess {
  readonly name: string;
  readonly pid: number;
  /** Listen port. 0 for the agent, which only connects. */
  readonly port: number;
  /** Port of /readyz and /metrics. Undefined for servers and the agent. */
  readonly healthPort?: number;
}

export interface StackFacts {
  readonly url: string;
  /** Addresses of the hubs for agents, host:port. */
  readonly grpc: readonly string[];
  readonly processes: readonly StackProcess[];
  readonly admin: { readonly email: string; readonly password: string };
}

export const stackFile = (dataDir: string): string => join(dataDir, 'stack.json');

export const writeStackFile = (dataDir: string, facts: StackFacts): void => {
  writePrivateFile(stackFile(dataDir), `${JSON.stringify(facts, null, 2)}\n`);
};
