import { createPublicKey, type KeyObject, verify } from 'node:crypto';

const domain = Buffer.from('webxterm-agent-hello-v1\0', 'latin1');

/** DER before the 32 raw bytes of an Ed25519 public key (RFC 8410, SubjectPublicKeyInfo). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export interface HelloProof {
  /** The challenge of this stream, 32 bytes. */
  readonly nonce: Buffer;
  /** TLS exporter of this connection; empty on plain loopback. */
  readonly channelBinding: Buffer;
  readonly instanceId: Buffer;
  readonly generation: bigint;
}

/** The bytes that the machine key signs: domain | nonce | channel binding | instance id | generation (u64 big endian). */
export const helloBytes = (proof: HelloProof): Buffer => {
  const generation = Buffer.alloc(8);
  generation.writeBigUInt64BE(proof.generation);
  return Buffer.concat([domain, proof.nonce, proof.channelBinding, proof.instanceId, generation]);
};

/** Whether `publicKey` (raw, 32 bytes) verifies the signature of this hello. Never throws. */
export const verifyHello = (publicKey: Buffer, signature: Buffer, proof: HelloProof): boolean => {
  const key = importKey(publicKey);
  return key !== undefined && signature.length === 64 && verify(null, helloBytes(proof), key, signature);
};

const importKey = (raw: Buffer): KeyObject | undefined => {
  if (raw.length !== 32) return undefined;
  try {
    return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
};
