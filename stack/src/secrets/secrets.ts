import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateFolder, writePrivateFile } from '../data-dir/private-files.ts';

const key = (): string => randomBytes(32).toString('base64url');

/** Generators of the secrets. Each runs once. Afterwards the file is authoritative. */
const makers = {
  'jwt-keys': () => `k${randomBytes(4).toString('hex')} ${key()}`,
  'root-key': key,
  'gateway-key': key,
  'ticket-key': key,
  'pass-key': key,
  'link-key': key,
  'hub-token': key,
  'metrics-token': key,
  // Short, because people type it.
  'admin-password': () => randomBytes(12).toString('base64url'),
  'installation-id': () => randomBytes(6).toString('hex'),
  // mongod accepts 6 to 1024 base64 characters.
  'mongo-keyfile': () => randomBytes(96).toString('base64'),
  'mongo-root': key,
  'mongo-auth': key,
  'mongo-agent-hub': key,
  'mongo-terminal': key,
  'nats-init': key,
  'nats-auth': key,
  'nats-agent-hub': key,
  'nats-terminal': key,
  'nats-route': key,
  'nats-operator': key,
} as const;

export type SecretName = keyof typeof makers;

/** The installation's random secrets: files of mode 0600 in a folder of mode 0700, created at first use. */
export class Secrets {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    makePrivateFolder(folder);
  }

  /** Path of the secret's file. Creates the file if it does not exist. */
  file(name: SecretName): string {
    const path = join(this.#folder, name);
    if (!existsSync(path)) writePrivateFile(path, `${makers[name]()}\n`);
    return path;
  }

  read(name: SecretName): string {
    return readFileSync(this.file(name), 'utf8').trim();
  }

  /** Writes a file for a value derived from secrets (a URL with its password). */
  derived(name: string, value: string): string {
    const path = join(this.#folder, name);
    writePrivateFile(path, `${value}\n`);
    return path;
  }
}
