import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptFiles } from '../configuration/kept-files.ts';
import { exitCode } from '../failure.ts';
import { GenerationCounter } from './generation.ts';
import { createMachineKey, helloBytes, loadMachineKey } from './machine-key.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-identity-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const claims = {
  nonce: Buffer.alloc(32, 1),
  channelBinding: Buffer.alloc(0),
  instanceId: Buffer.alloc(16, 2),
  generation: 258n,
};

describe('the machine key', () => {
  it('is created once with mode 0600, and signs as the protocol defines', async () => {
    const file = path.join(directory, 'agent.key');
    const key = await loadMachineKey(file);
    const again = await loadMachineKey(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(again.publicKey).toEqual(key.publicKey);
    expect(key.publicKey).toHaveLength(32);
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey.toString('base64url') },
      format: 'jwk',
    });
    const signed = Buffer.concat([
      Buffer.from('webxterm-agent-hello-v1\0'),
      Buffer.alloc(32, 1),
      Buffer.alloc(16, 2),
      Buffer.from('0000000000000102', 'hex'),
    ]);
    expect(helloBytes(claims)).toEqual(signed);
    expect(verify(null, signed, publicKey, again.signHello(claims))).toBe(true);
  });

  it('explains what to do about an invalid or truncated key file, and ends the agent permanently', async () => {
    const file = path.join(directory, 'agent.key');
    await loadMachineKey(file);
    const whole = await readFile(file, 'utf8');
    for (const damaged of ['', 'hello', whole.slice(0, 60)]) {
      await writeFile(file, damaged);
      await expect(loadMachineKey(file)).rejects.toMatchObject({
        message: expect.stringContaining('holds no whole Ed25519 key'),
        exitCode: exitCode.usage,
      });
    }
  });

  it('is not used if it cannot be stored, because the machine would be another one after each restart', async () => {
    await writeFile(path.join(directory, 'file'), '');
    await expect(createMachineKey(path.join(directory, 'file', 'agent.key'))).rejects.toThrow(/cannot be kept/);
  });
});

describe('the generation', () => {
  it('is stored on disk, and never decreases', async () => {
    const file = path.join(directory, 'agent.generation');
    const first = await GenerationCounter.open(file, new KeptFiles());
    expect([await first.raise(), await first.raise()]).toEqual([1n, 2n]);
    const second = await GenerationCounter.open(file, new KeptFiles());
    expect(await second.raise()).toBe(3n);
    second.learn(40n);
    second.learn(7n);
    expect(await second.raise()).toBe(41n);
  });
});
