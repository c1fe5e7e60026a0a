import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';
import { describeError, exitCode, Failure } from '../failure.ts';

const helloContext = Buffer.from('webxterm-agent-hello-v1\0');
const localContext = 'webxterm-agent-local-v1';

export type HelloClaims = {
  /** From the hub's challenge. */
  nonce: Uint8Array;
  /** The TLS exporter of this connection. Empty on plain loopback. */
  channelBinding: Uint8Array;
  /** 128 bits, random for each agent process. */
  instanceId: Uint8Array;
  generation: bigint;
};

/** The bytes signed in a hello. */
export const helloBytes = (claims: HelloClaims): Buffer => {
  const generation = Buffer.alloc(8);
  generation.writeBigUInt64BE(claims.generation);
  return Buffer.concat([helloContext, claims.nonce, claims.channelBinding, claims.instanceId, generation]);
};

/** The machine's Ed25519 key pair, which identifies it. */
export type MachineKey = {
  /** Raw, 32 bytes. */
  publicKey: Buffer;
  signHello(claims: HelloClaims): Buffer;
};

/** The key pair of this machine, including local secrets. */
export type OwnKey = MachineKey & {
  /** 32 bytes known only to processes that can read the key file. The agent and its command line authenticate each other with it. */
  localSecret: Buffer;
};

const rawPublicKey = (key: KeyObject): Buffer => {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new Failure('The machine key is not an Ed25519 key.');
  return Buffer.from(x, 'base64url');
};

const fromPrivate = (key: KeyObject): OwnKey => ({
  publicKey: rawPublicKey(key),
  signHello: (claims) => sign(null, helloBytes(claims), key),
  localSecret: createHmac('sha256', key.export({ type: 'pkcs8', format: 'der' }))
    .update(localContext)
    .digest(),
});

/**
 * Creates a new key pair in `file` and replaces an existing one. @throws Failure if it cannot be stored, because a key lost at the next
 * restart would make this another machine
 */
export const createMachineKey = async (file: string): Promise<OwnKey> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivate(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).catch((error: unknown) => {
    throw new Failure(`The key of this machine cannot be kept in ${file}: ${describeError(error)}.`, 1, {
      cause: error,
    });
  });
  return fromPrivate(privateKey);
};

/** The key pair in `file`, or undefined if there is none. @throws Failure if the content is invalid, which a restart cannot repair */
export const readMachineKey = async (file: string): Promise<OwnKey | undefined> => {
  const pem = await readIfThere(file);
  if (pem === undefined) return undefined;
  try {
    return fromPrivate(createPrivateKey(pem));
  } catch (error) {
    throw new Failure(
      `${file} holds no whole Ed25519 key (${pem.length} characters). Bring it back from a backup; or remove it and run "vsay-agent configure" again.`,
      exitCode.usage,
      { cause: error },
    );
  }
};

/** The key pair in `file`, created on the first call. @throws Failure */
export const loadMachineKey = async (file: string): Promise<OwnKey> =>
  (await readMachineKey(file)) ?? createMachineKey(file);
