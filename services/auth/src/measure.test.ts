import { AppError } from '@webxterm/shared';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { measure } from './measure.ts';

describe('the metrics of auth', () => {
  it('show the queue, the backlog and the results of sign-ins', async () => {
    const registry = new Registry();
    const count = measure(registry, { passwordsWaiting: () => 3, backlog: async () => 7 });
    count('ok');
    count('ok');
    count({ error: new AppError('wrong_credentials') });
    const text = await registry.metrics();
    expect(text).toContain('webxterm_auth_passwords_waiting 3');
    expect(text).toContain('webxterm_auth_outbox_backlog 7');
    expect(text).toContain('webxterm_auth_sign_ins_total{outcome="ok"} 2');
    expect(text).toContain('webxterm_auth_sign_ins_total{outcome="wrong_credentials"} 1');
  });

  it('are exported also while the database is unavailable', async () => {
    const registry = new Registry();
    measure(registry, { passwordsWaiting: () => 0, backlog: () => Promise.reject(new Error('away')) });
    expect(await registry.metrics()).toContain('webxterm_auth_outbox_backlog Nan');
  });
});
