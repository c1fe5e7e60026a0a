import { toAppError } from '@webxterm/shared';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The measured values. `backlog` queries the database. */
export interface Measured {
  readonly passwordsWaiting: () => number;
  readonly backlog: () => Promise<number>;
}

/** Counts the outcome of a sign-in, called once for each. */
export type CountSignin = (outcome: 'ok' | { readonly error: unknown }) => void;

/** Prometheus metrics of queues and sign-ins. */
export const measure = (registry: Registry, { passwordsWaiting, backlog }: Measured): CountSignin => {
  const registers = [registry];
  new Gauge({
    name: 'webxterm_auth_passwords_waiting',
    help: 'Passwords that wait to be hashed or checked',
    registers,
    collect() {
      this.set(passwordsWaiting());
    },
  });
  new Gauge({
    name: 'webxterm_auth_outbox_backlog',
    help: 'Committed changes whose work on the bus is pending, in the whole cluster; NaN while the database is unavailable',
    registers,
    async collect() {
      this.set(await backlog().catch(() => Number.NaN));
    },
  });
  const signins = new Counter({
    name: 'webxterm_auth_sign_ins_total',
    help: 'Sign-ins with e-mail and password, by outcome: ok or the error code',
    labelNames: ['outcome'],
    registers,
  });
  return (outcome) => signins.inc({ outcome: outcome === 'ok' ? 'ok' : toAppError(outcome.error).code });
};
