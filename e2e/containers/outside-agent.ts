import { eventually } from '../support/rest.ts';
import { type AgentRun, VsayAgent } from '../support/vsay-agent.ts';
import type { Cluster } from './cluster.ts';

/** An agent of this machine, linked to the cluster from outside over TLS. */
export interface OutsideAgent {
  readonly run: AgentRun;
  readonly agentId: string;
  /** How `configure` ended with the fingerprint of another CA. */
  readonly refusedWith: number | null;
}

/** It belongs to the administrator, and pins the cluster's private CA. */
export const linkOutsideAgent = async ({ rest, admin, compose }: Cluster): Promise<OutsideAgent> => {
  const key = (await rest.login(admin)).user.api_key;
  const fingerprint = (await compose.command('run', '--rm', '--no-deps', 'secrets', 'fingerprint')).trim();
  const vsay = new VsayAgent();
  const configure = ['configure', '--host', rest.url, '--token', key, '--name', 'outside'];
  const wrong = await vsay.finish(...configure, '--ca-fingerprint', `sha256:${'0'.repeat(64)}`);
  const right = await vsay.finish(...configure, '--ca-fingerprint', fingerprint);
  if (right.code !== 0) throw new Error(`the agent was not configured: ${right.text}`);
  const run = vsay.run('start');
  const machine = await eventually('the machine is online', async () =>
    (await rest.machines()).find(({ name, status }) => name === 'outside' && status === 'online'),
  );
  return { run, agentId: machine.agent_id, refusedWith: wrong.code };
};
