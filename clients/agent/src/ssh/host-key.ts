import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import { readIfThere, writePrivate } from '../configuration/private-file.ts';

/** The Ed25519 host key of the ssh server of this machine. */
export type SshHostKey = {
  /** Raw, 32 bytes. */
  publicKey: Buffer;
  /** In the format of OpenSSH, the only one that ssh2 reads. */
  privateKey: string;
};

const part = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

const type = 'ssh-ed25519';

/** PROTOCOL.key of OpenSSH, unencrypted. */
const opensshKey = (seed: Buffer, publicKey: Buffer): string => {
  const shared = Buffer.concat([part(type), part(publicKey)]);
  // Two equal numbers, which show a wrong passphrase, then the key and an empty comment.
  const secret = Buffer.concat([Buffer.alloc(8), shared, part(Buffer.concat([seed, publicKey])), part('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const whole = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), part('none'), part('none'), part(''), Buffer.from([0, 0, 0, 1])],
    ...[part(shared), part(Buffer.concat([secret, padding]))],
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};

const hostKeyOf = (key: KeyObject): SshHostKey => {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is not an Ed25519 key');
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  return { publicKey, privateKey: opensshKey(Buffer.from(d, 'base64url'), publicKey) };
};

/**
 * The host key in `file`, created on the first call. The hello of each dial has the public key, so a key that could not be stored, or that is
 * damaged, is replaced: only this process has it then.
 */
export const loadSshHostKey = async (file: string, log: Pick<Logger, 'warn'>): Promise<SshHostKey> => {
  try {
    const pem = await readIfThere(file);
    if (pem !== undefined) return hostKeyOf(createPrivateKey(pem));
  } catch (err) {
    log.warn({ err, file }, 'the ssh host key cannot be read: making another one');
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivate(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()).catch((err: unknown) =>
    log.warn({ err, file }, 'the ssh host key cannot be kept: the next start makes another one'),
  );
  return hostKeyOf(privateKey);
};
