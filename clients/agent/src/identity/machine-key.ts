import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';
import { describeError, exitCode, Failure } from '../failure.ts';

const helloContext = Buffer.from('webxterm-agent-hello-v1\0');
const localContext = 'webxterm-agent-local-v1';

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

/** The key pair of this very machine. */
export type OwnKey = MachineKey & {
  /** 32 bytes that only processes with access to the key file know: the agent and its command line recognise each other by it. */
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

/** Makes a new key pair in `file`, in place of one that is there. @throws Failure: a key that is lost at the next restart would be another machine then */
export const createMachineKey = async (file: string): Promise<OwnKey> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivate(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).catch((error: unknown) => {
    throw new Failure(`The key of this machine cannot be kept in ${file}: ${describeError(error)}.`, 1, {
      cause: error,
    });
  });
  return fromPrivate(privateKey);
};

/** The key pair in `file`; undefined when there is none. @throws Failure when the file holds something else: no restart can mend that. */
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

/** The key pair in `file`; made on the first call. @throws Failure */
export const loadMachineKey = async (file: string): Promise<OwnKey> =>
  (await readMachineKey(file)) ?? createMachineKey(file);
