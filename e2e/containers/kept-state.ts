import { eventually, Rest } from '../support/rest.ts';
import type { Cluster } from './cluster.ts';

/** The state that an installation must have again after a restart, an upgrade or a restore. */
export interface KeptState {
  readonly admin: { readonly email: string; readonly password: string };
  readonly user: { readonly email: string; readonly id: string };
  readonly machines: readonly string[];
}

const password = 'yourpassword';

const onlineMachines = async (rest: Rest): Promise<string[]> => {
  await eventually(
    'the demo machine is online',
    async () => (await rest.machines()).find(({ name, status }) => name === 'demo' && status === 'online'),
    180_000,
  );
  return (await rest.machines()).map(({ agent_id, name }) => `${name} ${agent_id}`);
};

/** Makes a user, and notes them, the administrator and the machines. */
export const remember = async ({ rest, admin }: Cluster): Promise<KeptState> => {
  const { user } = await new Rest(rest.url).signup('remembered');
  return { admin, user: { email: user.email, id: user.id }, machines: await onlineMachines(rest) };
};

/** Finds all of it again: passwords open what they opened, ids are the same, the machine is linked. */
export const recall = async ({ url, admin }: { url: string; admin: KeptState['admin'] }): Promise<KeptState> => {
  const { user } = await new Rest(url).login({ email: 'remembered@example.com', password });
  const rest = new Rest(url, (await new Rest(url).login(admin)).token);
  return { admin, user: { email: user.email, id: user.id }, machines: await onlineMachines(rest) };
};
