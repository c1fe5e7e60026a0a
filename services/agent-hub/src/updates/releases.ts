import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UpdateChannel } from '@webxterm/contracts/rest';
import type { Logger } from '@webxterm/shared';
import { z } from 'zod';

const Manifest = z.object({
  channel: UpdateChannel,
  version: z.string().regex(/^[0-9A-Za-z.+-]{1,64}$/),
  sequence: z.number().int().min(0),
  released: z.iso.datetime(),
  expires: z.iso.datetime(),
  files: z.array(z.object({ platform: z.string().max(64) })).max(32),
});

/** A published release of the agent, as far as the hub needs it. Agents verify its signature, the hub does not. */
export type Release = Omit<z.output<typeof Manifest>, 'files'> & { readonly platforms: readonly string[] };

const files: Readonly<Record<UpdateChannel, string>> = {
  stable: 'manifest.json',
  preview: join('preview', 'manifest.json'),
};

/** The releases in the folder that the gateway serves. */
export class Releases {
  readonly #folder: string | undefined;
  readonly #logger: Logger;
  readonly #known = new Map<UpdateChannel, { readonly at: number; readonly release: Release | undefined }>();

  constructor(folder: string | undefined, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
  }

  /** Reads the manifests that have changed. A missing or invalid one offers nothing. */
  async refresh(): Promise<void> {
    for (const channel of UpdateChannel.options) await this.#refresh(channel);
  }

  /** The release of exactly this channel. */
  in(channel: UpdateChannel): Release | undefined {
    return this.#known.get(channel)?.release;
  }

  /** The release for machines that follow this channel: those of preview get the stable release while it is newer. */
  for(channel: UpdateChannel): Release | undefined {
    const [stable, own] = [this.in('stable'), this.in(channel)];
    return own === undefined || (stable !== undefined && stable.sequence > own.sequence) ? stable : own;
  }

  /** The channels whose machines get this release. */
  followersOf(release: Release): UpdateChannel[] {
    return UpdateChannel.options.filter((channel) => this.for(channel) === release);
  }

  async #refresh(channel: UpdateChannel): Promise<void> {
    if (this.#folder === undefined) return;
    const file = join(this.#folder, files[channel]);
    const at = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (at === undefined) return void this.#known.delete(channel);
    if (this.#known.get(channel)?.at === at) return;
    const release = await this.#read(channel, file);
    this.#known.set(channel, { at, release });
  }

  async #read(channel: UpdateChannel, file: string): Promise<Release | undefined> {
    try {
      const { files: packages, ...release } = Manifest.parse(JSON.parse(await readFile(file, 'utf8')));
      if (release.channel !== channel) throw new Error(`it is of the channel ${release.channel}`);
      const platforms = packages.map(({ platform }) => platform);
      this.#logger.info(
        { channel, version: release.version, sequence: release.sequence },
        'agents are offered a release',
      );
      return { ...release, platforms };
    } catch (error) {
      this.#logger.error({ err: error, file }, 'a release manifest cannot be read: agents are not updated');
      return undefined;
    }
  }
}
