import { toAppError } from '@webxterm/shared';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What is counted of what this instance holds; `backlog` asks the database. */
export interface Measured {
  readonly passwordsWaiting: () => number;
  readonly backlog: () => Promise<number>;
}

/** How sign-ins went: called once for each. */
export type CountSignin = (outcome: 'ok' | { readonly error: unknown }) => void;

/** Queues and sign-ins, for Prometheus. */
export const measure = (registry: Registry, { passwordsWaiting, backlog }: Measured): CountSignin => {
  const registers = [registry];
  new Gauge({
    name: 'webxterm_auth_passwords_waiting',
    help: 'Passwords that wait for their turn to be hashed or checked',
    registers,
    collect() {
      this.set(passwordsWaiting());
    },
  });
  new Gauge({
    name: 'webxterm_auth_outbox_backlog',
    help: 'Committed changes that are still owed to the bus, in the whole cluster; NaN while the database cannot be asked',
    registers,
    async collect() {
      this.set(await backlog().catch(() => Number.NaN));
    },
  });
  const signins = new Counter({
    name: 'webxterm_auth_sign_ins_total',
    help: 'Sign-ins with e-mail and password by how they went: ok, or the code of the error',
    labelNames: ['outcome'],
    registers,
  });
  return (outcome) => signins.inc({ outcome: outcome === 'ok' ? 'ok' : toAppError(outcome.error).code });
};
