import { lstat, mkdir, opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bytesOfPath, joinPath, nameOf, textOfPath } from '@webxterm/contracts/file-paths';
import { createFolder, type FileEntry, listFiles, type Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ApiError, ask } from '@webxterm/rest-client';
import { exitCode, Failure, systemCode } from '../failure.ts';
import { absolutePath, type Place, placeOf } from '../files/places.ts';
import { sizeText } from '../files/progress.ts';
import { loadFile, placeIn, type Remote, sendFile } from '../files/transfer.ts';
import { printJson, say } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { pagesOf } from '../server/pages.ts';
import { openServer, type Server } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

export interface CopyOptions extends ServerOptions {
  readonly recursive?: boolean;
  /** False with --no-clobber. */
  readonly clobber: boolean;
  readonly linuxUser?: string;
}

interface Copied {
  files: number;
  bytes: number;
}

type MachinePlace = Extract<Place, { kind: 'machine' }>;

/** `vsay cp` */
export const copy = async (places: readonly string[], options: CopyOptions): Promise<void> => {
  const target = placeOf(places.at(-1) ?? '');
  const sources = places.slice(0, -1).map(placeOf);
  const machines = sources.filter((place): place is MachinePlace => place.kind === 'machine');
  if (sources.length === 0) throw new Failure('Name what is copied, and where to.', exitCode.usage);
  if (target.kind === 'local' && machines.length !== sources.length)
    throw new Failure('Copy from a machine or to one: MACHINE:PATH. For local files there is cp.', exitCode.usage);
  if (target.kind === 'machine' && machines.length > 0)
    throw new Failure('Files are not copied between machines: copy them here first.', exitCode.usage);
  const server = await openServer(options.profile);
  const copier = new Copier(server, options);
  if (target.kind === 'machine')
    await copier.up(
      sources.map(({ path }) => path),
      target,
    );
  else await copier.down(machines, target.path);
  const { files, bytes } = copier.copied;
  if (options.json === true) return printJson({ files, bytes });
  say(`${files === 1 ? '1 file' : `${files} files`}, ${sizeText(bytes)}.`);
};

class Copier {
  readonly copied: Copied = { files: 0, bytes: 0 };
  readonly #server: Server;
  readonly #options: CopyOptions;
  readonly #machines = new Map<string, Promise<Machine>>();

  constructor(server: Server, options: CopyOptions) {
    this.#server = server;
    this.#options = options;
  }

  async up(sources: readonly string[], target: MachinePlace): Promise<void> {
    const to = await this.#remote(target);
    const isFolder = target.path === '' || target.path.endsWith('/') || (await this.#list(to)) !== undefined;
    if (sources.length > 1 && !isFolder) throw notAFolder(to.path);
    for (const source of sources) {
      const name = nameIn(source);
      await this.#send(source, isFolder && name !== undefined ? { ...to, path: joinPath(to.path, name) } : to);
    }
  }

  /** A link that was named is followed, and one in a folder is not: it may lead to any file here, or to its own folder. */
  async #send(local: string, to: Remote, look = stat): Promise<void> {
    const found = await look(local).catch((error: unknown) => {
      throw new Failure(`${local} cannot be read: ${systemCode(error) ?? String(error)}.`, exitCode.notFound);
    });
    if (found.isFile()) {
      this.#count(await sendFile(local, to, { replace: this.#options.clobber, name: shown(local) }));
    } else if (!found.isDirectory()) {
      say(`vsay: ${shown(local)} is ${found.isSymbolicLink() ? 'a link' : 'no file and no folder'}. It is left out.`);
    } else {
      this.#requireRecursive(local);
      await this.#makeFolder(to);
      for await (const { name } of await opendir(local))
        await this.#send(join(local, name), { ...to, path: joinPath(to.path, textOfPath(Buffer.from(name))) }, lstat);
    }
  }

  async #makeFolder(to: Remote): Promise<void> {
    const { params, as } = placeIn(to);
    await ask(this.#server.fetcher, createFolder, { params, body: { path: to.path, ...as } }).catch(
      (error: unknown) => {
        if (!(error instanceof ApiError && error.code === 'file_exists')) throw error;
      },
    );
  }

  async down(sources: readonly MachinePlace[], target: string): Promise<void> {
    const isFolder = target.endsWith('/') || (await isLocalFolder(target));
    if (sources.length > 1 && !isFolder) throw notAFolder(target);
    for (const source of sources) {
      const from = await this.#remote(source);
      await this.#load(from, isFolder ? join(target, localName(nameOf(from.path))) : target);
    }
  }

  async #load(from: Remote, local: string): Promise<void> {
    const entries = await this.#list(from);
    if (entries === undefined) return this.#loadFile(from, local);
    this.#requireRecursive(from.path);
    await mkdir(local, { recursive: true });
    for await (const { name, type } of entries) {
      const inside = { ...from, path: joinPath(from.path, name) };
      const to = join(local, localName(name));
      if (type === 'folder') await this.#load(inside, to);
      else if (type === 'file') await this.#loadFile(inside, to);
      else say(`vsay: ${shown(inside.path)} is a ${type}. It is left out.`);
    }
  }

  async #loadFile(from: Remote, local: string): Promise<void> {
    if (!this.#options.clobber && (await stat(local).catch(() => undefined)) !== undefined)
      throw new Failure(`${shown(local)} is there already. To replace it, leave out --no-clobber.`);
    this.#count(await loadFile(from, local, shown(from.path)));
  }

  /** The entries of a folder. Undefined: it is none, or nothing is there. */
  async #list(folder: Remote): Promise<AsyncIterable<FileEntry> | undefined> {
    const { params, as } = placeIn(folder);
    const page = (at: { cursor?: string }) =>
      ask(this.#server.fetcher, listFiles, { params, query: { path: folder.path, limit: 1000, ...as, ...at } });
    const first = await page({}).catch((error: unknown) => {
      if (error instanceof ApiError && (error.code === 'not_a_folder' || error.code === 'file_not_found'))
        return undefined;
      throw error;
    });
    if (first === undefined) return undefined;
    if (first.cut) say(`vsay: ${shown(folder.path)} has more entries than are listed. The others are left out.`);
    return (async function* () {
      for await (const { entries } of pagesOf(async (at) => (at.cursor === undefined ? first : page(at))))
        yield* entries;
    })();
  }

  async #remote({ machine, path }: MachinePlace): Promise<Remote> {
    const found = this.#machines.get(machine) ?? findMachine(this.#server, machine);
    this.#machines.set(machine, found);
    const place = { server: this.#server, agentId: (await found).agent_id, linuxUser: this.#options.linuxUser };
    if (path.startsWith('/')) return { ...place, path: absolutePath('', path) };
    const { params, as } = placeIn(place);
    const home = await ask(this.#server.fetcher, listFiles, { params, query: { limit: 1, ...as } });
    return { ...place, path: absolutePath(home.path, path) };
  }

  #count(bytes: number): void {
    this.copied.files += 1;
    this.copied.bytes += bytes;
  }

  #requireRecursive(path: string): void {
    if (this.#options.recursive !== true)
      throw new Failure(`${shown(path)} is a folder: --recursive copies it with everything in it.`, exitCode.usage);
  }
}

const shown = (path: string): string => plainText(path, 200);

const notAFolder = (path: string): Failure =>
  new Failure(`${shown(path)} is not a folder, so it cannot take several files.`, exitCode.usage);

/** The name that a local file or folder gets in a folder of a machine. Undefined for `.`, `..` and `/`: their content goes into the folder itself. */
const nameIn = (source: string): string | undefined => {
  const name = basename(source);
  return name === '' || name === '.' || name === '..' ? undefined : textOfPath(Buffer.from(name));
};

const isLocalFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** The name of an entry on this computer. A machine must not name a place outside of the target. */
const localName = (name: string): string => {
  const bytes = bytesOfPath(name);
  const text = bytes === undefined ? undefined : Buffer.from(bytes).toString();
  const usable = text !== undefined && Buffer.from(text).equals(Buffer.from(bytes ?? []));
  if (!usable || text === '' || text === '.' || text === '..' || /[/\0]/.test(text))
    throw new Failure(`The name ${shown(name)} cannot be used on this computer.`);
  return text;
};
