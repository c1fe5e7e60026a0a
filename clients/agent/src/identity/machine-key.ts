import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';
import { Failure } from '../failure.ts';

const helloContext = Buffer.from('webxterm-agent-hello-v1\0');

export type HelloClaims = {
  /** From the hub's challenge. */
  nonce: Uint8Array;
  /** The TLS exporter of this connection; empty on plain loopback. */
  channelBinding: Uint8Array;
  /** 128 bits, new for each agent process. */
  instanceId: Uint8Array;
  generation: bigint;
};

/** The bytes that a hello's signature is made over. */
export const helloBytes = (claims: HelloClaims): Buffer => {
  const generation = Buffer.alloc(8);
  generation.writeBigUInt64BE(claims.generation);
  return Buffer.concat([helloContext, claims.nonce, claims.channelBinding, claims.instanceId, generation]);
};

/** The machine's Ed25519 key pair: what it is recognised by. */
export type MachineKey = {
  /** Raw, 32 bytes. */
  publicKey: Buffer;
  signHello(claims: HelloClaims): Buffer;
};

const rawPublicKey = (key: KeyObject): Buffer => {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new Failure('The machine key is not an Ed25519 key.');
  return Buffer.from(x, 'base64url');
};

const fromPrivate = (key: KeyObject): MachineKey => ({
  publicKey: rawPublicKey(key),
  signHello: (claims) => sign(null, helloBytes(claims), key),
});

/** Makes a new key pair in `file`, in place of one that is there. */
export const createMachineKey = async (file: string): Promise<MachineKey> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivate(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return fromPrivate(privateKey);
};

/** The key pair in `file`; made on the first call. @throws Failure when the file holds something else. */
export const loadMachineKey = async (file: string): Promise<MachineKey> => {
  const pem = await readIfThere(file);
  if (pem === undefined) return createMachineKey(file);
  try {
    return fromPrivate(createPrivateKey(pem));
  } catch (error) {
    throw new Failure(`${file} holds no Ed25519 key: remove it and configure the agent again.`, 1, { cause: error });
  }
};
