import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@webxterm/stack';

/** A provider of sign-ins in the settings of a stack. It does not run: a test file starts it at this port. */
export interface ConfiguredProvider {
  readonly port: number;
  readonly environmentOf: (service: string) => Readonly<Record<string, string>>;
  forget(): void;
}

export const configuredProvider = async (): Promise<ConfiguredProvider> => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-provider-'));
  const client_secret_file = join(folder, 'client-secret');
  writeFileSync(client_secret_file, 'the secret');
  const issuer = `http://127.0.0.1:${port}`;
  const client = { client_id: 'webxterm', client_secret_file, sign_up: ['example.com'] };
  const providers = JSON.stringify([{ id: 'test', label: 'Test provider', issuer, ...client }]);
  return {
    port,
    environmentOf: (service) => (service === 'auth' ? { OIDC_PROVIDERS: providers } : {}),
    forget: () => rmSync(folder, { recursive: true, force: true }),
  };
};
