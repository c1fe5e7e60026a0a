import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { helloBytes, verifyHello } from './hello-signature.ts';

const pair = generateKeyPairSync('ed25519');
const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
const proof = {
  nonce: randomBytes(32),
  channelBinding: Buffer.alloc(0),
  instanceId: randomBytes(16),
  generation: 2n ** 63n + 7n,
};
const signature = sign(null, helloBytes(proof), pair.privateKey);

describe('the signature of a hello', () => {
  it('holds for the machine that made it', () => {
    expect(verifyHello(publicKey, signature, proof)).toBe(true);
  });

  it('does not hold for another nonce, generation, instance, channel or key', () => {
    expect(verifyHello(publicKey, signature, { ...proof, nonce: randomBytes(32) })).toBe(false);
    expect(verifyHello(publicKey, signature, { ...proof, generation: proof.generation + 1n })).toBe(false);
    expect(verifyHello(publicKey, signature, { ...proof, instanceId: randomBytes(16) })).toBe(false);
    expect(verifyHello(publicKey, signature, { ...proof, channelBinding: Buffer.from('x') })).toBe(false);
    expect(verifyHello(randomBytes(32), signature, proof)).toBe(false);
  });

  it('is refused without an exception if key or signature are invalid', () => {
    expect(verifyHello(Buffer.alloc(0), signature, proof)).toBe(false);
    expect(verifyHello(publicKey, Buffer.alloc(0), proof)).toBe(false);
    expect(verifyHello(publicKey, Buffer.alloc(64), proof)).toBe(false);
  });

  it('covers exactly the bytes that the protocol defines', () => {
    const bytes = helloBytes({
      nonce: Buffer.alloc(32, 1),
      channelBinding: Buffer.from([9]),
      instanceId: Buffer.alloc(16, 2),
      generation: 258n,
    });
    expect(bytes.toString('hex')).toBe(
      `${Buffer.from('webxterm-agent-hello-v1\0').toString('hex')}${'01'.repeat(32)}09${'02'.repeat(16)}0000000000000102`,
    );
  });
});
