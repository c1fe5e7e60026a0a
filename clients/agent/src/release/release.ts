import { createPublicKey, verify } from 'node:crypto';
import * as v from 'valibot';
import { Failure } from '../failure.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** A release manifest. Its exact bytes are signed with Ed25519 (docs/agent.md). */
const Release = v.object({
  channel: v.string(),
  version: v.pipe(v.string(), v.regex(/^[0-9A-Za-z.+-]{1,64}$/)),
  /** Increases with each release of an installation. */
  sequence: count,
  released: time,
  expires: time,
  /** The oldest version that this one may replace. */
  minimum: v.string(),
  files: v.array(
    v.object({
      platform: v.string(),
      /** Path below /agent/ on the server. */
      path: v.pipe(v.string(), v.regex(/^[0-9A-Za-z.+/_-]{1,200}$/)),
      /** bytes */
      size: count,
      sha256,
      /** files.json of the package: the gzip member of the archive that has it, in bytes, and its hash. */
      list_offset: v.optional(count),
      list_length: v.optional(count),
      list_sha256: v.optional(sha256),
    }),
  ),
});
export type Release = v.InferOutput<typeof Release>;
export type ReleaseFile = Release['files'][number];

export type ReleaseCheck = {
  manifest: Buffer;
  signature: Buffer;
  /** PEM of the key pinned when the agent was installed. */
  publicKey: string;
  platform: string;
  /** ms since 1970 */
  now: number;
  /** The channel that the release must be of. Undefined: any. */
  channel?: string | undefined;
  /** Sequence of the installed release. */
  installed?: number | undefined;
  /** The version that the release is to replace. Undefined: none. */
  replaces?: string | undefined;
};

/** `0.1.0+4f2a…` as [0, 1, 0]. */
const numbersOf = (version: string): number[] => version.split(/[+-]/, 1)[0]?.split('.').map(Number) ?? [];

/** Whether `version` is older than `other`, by the three numbers of semantic versioning. */
const isOlder = (version: string, other: string): boolean => {
  const [one, two] = [numbersOf(version), numbersOf(other)];
  const differs = [0, 1, 2].find((at) => one[at] !== two[at]);
  return differs !== undefined && (one[differs] ?? 0) < (two[differs] ?? 0);
};

/**
 * Verifies and parses a manifest.
 * @throws Failure if another key signed it, if it is of another channel, if it has expired, if it is older than the installed release, if it must not replace the
 * installed version directly, or if it has no package for this platform
 */
export const readRelease = (check: ReleaseCheck): Release => {
  const { manifest, signature, publicKey, platform, now, channel, installed = 0, replaces } = check;
  if (!verify(null, manifest, createPublicKey(publicKey), signature))
    throw new Failure('The signature of the release is not of the key that this installation has.');
  const release = v.parse(Release, JSON.parse(manifest.toString('utf8')));
  if (channel !== undefined && release.channel !== channel)
    throw new Failure(`The release is of the channel ${release.channel}, not of ${channel}.`);
  if (Date.parse(release.expires) < now)
    throw new Failure(`The release has expired on ${release.expires}: its operator has to publish it again.`);
  if (release.sequence < installed)
    throw new Failure(`The release ${release.sequence} is older than the installed one, ${installed}.`);
  if (replaces !== undefined && isOlder(replaces, release.minimum))
    throw new Failure(
      `The release ${release.version} may replace only ${release.minimum} and newer, and here is ${replaces}: run the install command again.`,
    );
  if (!release.files.some((file) => file.platform === platform))
    throw new Failure(`The release has no package for ${platform}.`);
  return release;
};
