import { expect, it } from 'vitest';
import { Proofs } from './proofs.ts';
import type { ProvenIdentity } from './providers.ts';

const transaction = {
  provider: 'a',
  purpose: 'sign-in',
  sid_hash: null,
  setup: null,
  jti: 'x',
  expiresAt: new Date(),
  state: '',
  nonce: '',
  verifier: '',
} as const;

it('asks providers eight questions of one address and sixty-four in all at a time', async () => {
  const { promise, resolve } = Promise.withResolvers<ProvenIdentity>();
  const proofs = new Proofs(
    { prove: () => promise },
    { admitProviderAnswer: async () => ({ succeeded: async () => {}, withdrawn: async () => {} }) },
  );
  const ask = (address: string) => proofs.of(transaction, '', address);
  const running = Array.from({ length: 64 }, (_, at) => ask(`198.51.100.${at % 8}`));
  await expect(ask('198.51.100.0')).rejects.toMatchObject({ code: 'too_many_requests' });
  await expect(ask('198.51.100.9')).rejects.toMatchObject({ code: 'unavailable' });
  resolve({ issuer: 'i', sub: 's', email: undefined, emailVerified: false, name: undefined });
  await Promise.all(running);
  await expect(ask('198.51.100.0')).resolves.toMatchObject({ sub: 's' });
});
