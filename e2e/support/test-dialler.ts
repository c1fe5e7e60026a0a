import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { MachineFacts } from '@webxterm/contracts/grpc';
import { helloBytes } from '../../clients/agent/src/identity/machine-key.ts';
import { type Credential, type DialResult, dial } from '../../clients/agent/src/link/dial.ts';

export const factsOf = (name: string): MachineFacts => ({
  name,
  hostname: name,
  os: 'linux',
  osVersion: '',
  arch: 'x64',
  agentVersion: '0',
  cpuCores: 1,
  memTotalMb: 1n,
  diskTotalGb: 1n,
  linuxUser: 'nobody',
  processUser: 'nobody',
  description: '',
  tags: [],
  linuxUsers: [],
  sshHostKey: Buffer.alloc(0),
});

/** Dials a hub as the agent does, with a key pair of its own and a generation that rises. It runs no shell. */
export class TestDialler {
  readonly #address: string;
  readonly #facts: MachineFacts;
  readonly #pair = generateKeyPairSync('ed25519');
  readonly #instanceId = randomBytes(16);
  #generation = 0n;

  constructor(address: string, facts: MachineFacts) {
    this.#address = address;
    this.#facts = facts;
  }

  dial(credential: Credential, registerOnly = false): Promise<DialResult> {
    const { publicKey, privateKey } = this.#pair;
    return dial(this.#address, {
      security: { tls: false, ca: undefined },
      key: {
        publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
        signHello: (claims) => sign(null, helloBytes(claims), privateKey),
      },
      generation: {
        raise: async () => {
          this.#generation += 1n;
          return this.#generation;
        },
      },
      instanceId: this.#instanceId,
      credential,
      fallbackCredential: '',
      facts: this.#facts,
      capabilities: [],
      registerOnly,
      patienceMs: 10_000,
    });
  }
}
