import { z } from 'zod';

const Manifest = z.object({
  channel: z.string(),
  version: z.string(),
  sequence: z.number().int(),
  released: z.iso.datetime(),
  expires: z.iso.datetime(),
  minimum: z.string(),
  files: z.array(
    z.object({
      platform: z.string(),
      path: z.string(),
      size: z.number().int(),
      sha256: z.string(),
      list_offset: z.number().int().optional(),
      list_length: z.number().int().optional(),
      list_sha256: z.string().optional(),
    }),
  ),
});
/** A release as the agent validates it (clients/agent/src/release/release.ts). */
export type Manifest = z.output<typeof Manifest>;

/** @throws Error if the text is not a manifest */
export const parseManifest = (text: string): Manifest => Manifest.parse(JSON.parse(text));

/** The oldest version that this one may replace. */
const minimum = '0.1.0';
const dayMs = 86_400_000;
export const validDays = 365;
/** A manifest is signed again when less than this is left of its validity. */
const renewDays = 90;

const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** `preview`: for machines that were set to it, before a release is stable. */
export const channels = ['stable', 'preview'] as const;
export type Channel = (typeof channels)[number];

/** Where the manifest of a channel is, below the folder of the release. */
export const manifestFile = (channel: Channel): string =>
  channel === 'stable' ? 'manifest.json' : `${channel}/manifest.json`;

/**
 * The next release of a channel. Returns the previous one if the files are unchanged and it is valid long enough.
 * @param highest the highest sequence of all channels: a machine may change its channel, and its sequence never decreases
 */
export const nextManifest = (
  before: Manifest | undefined,
  version: string,
  files: Manifest['files'],
  now: number,
  { channel, highest }: { channel: Channel; highest: number } = { channel: 'stable', highest: 0 },
): Manifest => {
  const same = before?.version === version && JSON.stringify(before.files) === JSON.stringify(files);
  if (same && Date.parse(before.expires) - now > renewDays * dayMs) return before;
  return {
    channel,
    version,
    sequence: Math.max(before?.sequence ?? 0, highest) + 1,
    released: seconds(now),
    expires: seconds(now + validDays * dayMs),
    minimum,
    files,
  };
};

/** JSON with one line for each field and each file, so that install.sh can read it without a parser. */
export const renderManifest = ({ files, ...fields }: Manifest): string => {
  const head = Object.entries(fields).map(([name, value]) => ` "${name}": ${JSON.stringify(value)},`);
  const list = files.map((file) => `  ${JSON.stringify(file)}`).join(',\n');
  return `{\n${head.join('\n')}\n "files": [\n${list}\n ]\n}\n`;
};
