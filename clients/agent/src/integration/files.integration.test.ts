import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type FileMessage,
  FileMessageReader,
  type FileRequest,
  fileData,
  fileJson,
} from '@webxterm/contracts/file-messages';
import type { DownFrame } from '@webxterm/contracts/frames';
import type { FileEntry } from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findUser } from '../shell/linux-user.ts';
import { startTestAgent } from './test-agent.ts';
import type { TestHub } from './test-hub.ts';
import { TestViewer } from './test-viewer.ts';

// The agent of a root starts the helper as another user, so that permissions are tried.
const isRoot = os.userInfo().uid === 0;
const linuxUser = isRoot ? 'nobody' : os.userInfo().username;

let hub: TestHub;
let stop: () => Promise<void>;
let folder = '';
let owner = { uid: 0, gid: 0 };

const give = (file: string | Buffer): void => chownSync(file, owner.uid, owner.gid);
const put = (name: string | Buffer, content: string | Buffer = 'x'): void => {
  const file = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
  writeFileSync(file, content);
  give(file);
};
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  owner = (await findUser(linuxUser)) ?? owner;
  folder = mkdtempSync(path.join(os.tmpdir(), 'files-int-'));
  give(folder);
  ({ hub, stop } = await startTestAgent({ linux_user: linuxUser }));
}, 60_000);

afterAll(async () => {
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

/** One session about files. */
class Session {
  readonly viewer = new TestViewer(hub);
  readonly #reader = new FileMessageReader();
  readonly messages: FileMessage[] = [];
  #read = 0;

  async open(request: FileRequest, kind = 'files_write'): Promise<this> {
    const opened = kind === 'files_read' ? { kind: 'files_read' } : { kind: 'files_write' };
    expect(await this.viewer.attach({ ...opened, create: true })).toMatchObject({ type: 'accepted' });
    this.viewer.type(Buffer.from(fileJson(request)));
    return this;
  }

  send(...bytes: Uint8Array[]): this {
    for (const part of bytes) this.viewer.type(Buffer.from(part));
    return this;
  }

  /** The next JSON. Bytes before it are in `messages`. */
  async json(): Promise<Record<string, unknown>> {
    for (;;) {
      const message = this.messages.slice(this.#read).find(({ type }) => type === 'json');
      if (message?.type === 'json') {
        this.#read = this.messages.indexOf(message) + 1;
        return message.value as Record<string, unknown>;
      }
      await this.viewer.until(() => this.viewer.text !== '');
      this.messages.push(...this.#reader.push(Buffer.from(this.viewer.text, 'latin1')));
      this.viewer.clear();
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.messages.flatMap((message) => (message.type === 'data' ? [message.bytes] : [])));
  }
}

const ask = async (request: FileRequest, kind?: string): Promise<Record<string, unknown>> =>
  (await new Session().open(request, kind)).json();

const reading = (file: string): FileRequest => ({ op: 'read', path: file, range: null, ifRange: null, head: false });
const list = (file: string, after: string | null = null, limit = 100): FileRequest => ({
  op: 'list',
  path: file,
  after,
  limit,
});
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const writing = (file: string, size: number, more: { onlyNew?: boolean; ifMatch?: string } = {}): FileRequest => ({
  op: 'write',
  path: file,
  size,
  onlyNew: more.onlyNew ?? false,
  ifMatch: more.ifMatch ?? null,
});
const parts = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));

/** Makes folders of the Linux user. @returns the path of the first one's beginning */
const madeFolder = (first: string, ...more: string[]): string => {
  for (const name of [first, ...more]) {
    mkdirSync(at(name), { recursive: true });
    for (let inner = name; inner !== '.'; inner = path.dirname(inner)) give(at(inner));
  }
  return at(first.split('/')[0] ?? '');
};

describe('the helper for files', () => {
  it('lists names of any bytes in their order, page by page, and links as links', async () => {
    mkdirSync(at('listed'));
    put(Buffer.concat([Buffer.from('listed/caf'), Buffer.of(0xe9)]), 'latin1');
    put('listed/café', 'utf-8');
    put('listed/a\\b');
    put(`listed/${'n'.repeat(255)}`);
    symlinkSync('/etc', at('listed/link'));
    symlinkSync('nowhere', at('listed/loose'));
    execFileSync('mkfifo', [at('listed/pipe')]);
    const first = await ask(list(at('listed'), null, 4), 'files_read');
    const second = await ask(list(at('listed'), String(first.next), 4), 'files_read');
    const entries = [...(first.entries as FileEntry[]), ...(second.entries as FileEntry[])];
    expect(entries.map(({ name }) => name.slice(0, 10))).toEqual([
      'a\\\\b',
      'caf\\xe9',
      'café',
      'link',
      'loose',
      'nnnnnnnnnn',
      'pipe',
    ]);
    expect([second.next, second.total]).toEqual([null, 7]);
    const link = (name: string) => entries.find((entry) => entry.name === name);
    expect(link('link')).toMatchObject({ type: 'link', link: { target: '/etc', type: 'folder' } });
    expect(link('loose')).toMatchObject({ type: 'link', link: { target: 'nowhere', type: null } });
    expect(link('pipe')).toMatchObject({ type: 'pipe' });
    const latin1 = await new Session().open(reading(`${at('listed')}/caf\\xe9`));
    expect(await latin1.json()).toMatchObject({ ok: true, size: 6 });
    await latin1.json();
    expect(latin1.bytes.toString()).toBe('latin1');
  });

  it('reads /proc, and never waits for a pipe or opens a device', async () => {
    const status = await new Session().open(reading('/proc/self/status'), 'files_read');
    expect(await status.json()).toMatchObject({ ok: true });
    await status.json();
    expect(status.bytes.toString()).toMatch(new RegExp(`^Uid:\\t${owner.uid}\\t`, 'm'));
    const refused = async (file: string) => (await ask(reading(file), 'files_read')).code;
    expect(await Promise.all([at('listed/pipe'), '/dev/zero', '/proc', '/dev/log-of-nobody'].map(refused))).toEqual([
      'not_a_file',
      'not_a_file',
      'not_a_file',
      'file_not_found',
    ]);
  });

  it('answers what the kernel refuses by kind and as whom', async () => {
    put('secret');
    chmodSync(at('secret'), 0);
    if (isRoot) chownSync(at('secret'), 0, 0);
    mkdirSync(at('full'));
    put('full/x');
    give(at('full'));
    const refused = async (request: FileRequest, kind?: string) => {
      const { code, message } = await ask(request, kind);
      return [code, message];
    };
    expect(await refused(reading(at('secret')))).toEqual([
      'file_access_denied',
      `The Linux user ${linuxUser} may not do this with ${at('secret')}.`,
    ]);
    expect((await refused(list(at('secret'))))[0]).toBe('not_a_folder');
    expect((await refused({ op: 'make_folder', path: at('x'.repeat(256)) }))[0]).toBe('name_too_long');
    expect((await refused(reading(`/${'a/'.repeat(2040)}`)))[0]).toBe('file_not_found');
    expect((await refused({ op: 'make_folder', path: at('full') }))[0]).toBe('file_exists');
    expect((await refused({ op: 'rename', path: at('full'), to: at('listed') }))[0]).toBe('file_exists');
    expect((await refused({ op: 'remove', path: at('full'), recursive: false }))[0]).toBe('folder_not_empty');
    expect((await refused(writing('/proc/none', 1)))[0]).toMatch(/file_not_found|file_access_denied|disk_full/);
    expect((await refused(writing(at('big'), 2 ** 50)))[0]).toBe('disk_full');
    expect(await refused({ op: 'remove', path: at('full'), recursive: true }, 'files_read')).toEqual([
      'invalid_input',
      'This session only reads.',
    ]);
    for (const wrong of ['../etc', '/tmp/../etc', '/tmp/\0', '/tmp/\\x00', `/${'a'.repeat(4096)}`])
      expect((await refused(reading(wrong)))[0]).toBe('file_failed');
  });

  it('ends a file that was opened at its length when it grows, and breaks off when it shrinks', async () => {
    const content = randomBytes(4 * 1024 * 1024);
    for (const [name, change] of [
      ['grows', () => appendFileSync(at('grows'), 'more')],
      ['shrinks', () => truncateSync(at('shrinks'), 100)],
    ] as const) {
      put(name, content);
      const session = new Session();
      session.viewer.acks = false;
      await session.open(reading(at(name)), 'files_read');
      await session.json();
      change();
      session.viewer.acks = true;
      session.viewer.ack();
      const end = await session.json();
      expect(end).toMatchObject(name === 'grows' ? { ok: true, sha256: sha256(content) } : { code: 'file_changed' });
      expect(session.bytes.length === content.length).toBe(name === 'grows');
    }
  });

  it('puts a whole file into place at once, through a link, with the mode of the old one', async () => {
    put('old', 'old');
    chmodSync(at('old'), 0o640);
    symlinkSync('old', at('to-old'));
    const content = randomBytes(300_000);
    const session = await new Session().open(writing(at('to-old'), content.length));
    expect(await session.json()).toEqual({ ok: true });
    expect(readFileSync(at('old'), 'utf8')).toBe('old');
    for (let from = 0; from < content.length; from += 60_000)
      session.send(fileData(content.subarray(from, from + 60_000)));
    session.send(fileJson({ sha256: sha256(content) }));
    expect(await session.json()).toMatchObject({ sha256: sha256(content), entry: { name: 'old', mode: '0640' } });
    expect(readFileSync(at('old')).equals(content)).toBe(true);
    const broken = (await new Session().open(writing(at('old'), 1))).send(
      fileData(Buffer.from('y')),
      fileJson({ sha256: sha256(content) }),
    );
    expect([await broken.json(), (await broken.json()).code]).toEqual([{ ok: true }, 'file_failed']);
    expect([readFileSync(at('old')).equals(content), parts()]).toEqual([true, []]);
  });

  it('leaves nothing of an upload whose viewer leaves, refuses a second writer, and takes over what a killed one left', async () => {
    const first = await new Session().open(writing(at('target'), 10));
    await first.json();
    first.send(fileData(Buffer.from('half ')));
    expect((await ask(writing(at('target'), 10))).code).toBe('file_busy');
    const [part = ''] = parts();
    first.viewer.send({ type: 'detach', reason: 'left' });
    await until(() => parts().length === 0);
    expect(readdirSync(folder)).not.toContain('target');
    put(part, 'left');
    utimesSync(at(part), new Date(), new Date(Date.now() - 300_000));
    const second = (await new Session().open(writing(at('target'), 2))).send(
      fileData(Buffer.from('ok')),
      fileJson({ sha256: sha256(Buffer.from('ok')) }),
    );
    expect([await second.json(), (await second.json()).ok]).toEqual([{ ok: true }, true]);
    expect(readFileSync(at('target'), 'utf8')).toBe('ok');
  });

  it('replaces nothing that came while a new file was sent, or that was changed', async () => {
    const fresh = await new Session().open(writing(at('fresh'), 1, { onlyNew: true }));
    await fresh.json();
    put('fresh', 'of another');
    fresh.send(fileData(Buffer.from('z')), fileJson({ sha256: sha256(Buffer.from('z')) }));
    expect((await fresh.json()).code).toBe('file_exists');
    const { etag } = await ask(reading(at('fresh')));
    const changed = await new Session().open(writing(at('fresh'), 1, { ifMatch: String(etag) }));
    await changed.json();
    put('fresh', 'of another again');
    changed.send(fileData(Buffer.from('z')), fileJson({ sha256: sha256(Buffer.from('z')) }));
    expect((await changed.json()).code).toBe('file_changed');
    expect([readFileSync(at('fresh'), 'utf8'), parts()]).toEqual(['of another again', []]);
  });

  it('removes a folder with everything in it, and nothing that links in it lead to', async () => {
    mkdirSync(at('outside'));
    put('outside/kept');
    mkdirSync(at('gone/deep/deeper'), { recursive: true });
    for (const made of ['gone', 'gone/deep', 'gone/deep/deeper']) give(at(made));
    put(Buffer.concat([Buffer.from('gone/deep/'), Buffer.of(0xff)]));
    symlinkSync(at('outside'), at('gone/deep/deeper/out'));
    expect(await ask({ op: 'remove', path: at('gone'), recursive: true })).toEqual({ ok: true });
    expect(readdirSync(folder)).not.toContain('gone');
    expect(readdirSync(at('outside'))).toEqual(['kept']);
  });

  it('copies a folder with what may be read, as the Linux user, and follows no link in it', async () => {
    const from = madeFolder('source/deep', 'dest');
    put('source/deep/data', randomBytes(3_000_000));
    put('source/program');
    chmodSync(at('source/program'), 0o4755);
    put('source/secret');
    chmodSync(at('source/secret'), 0);
    if (isRoot) chownSync(at('source/secret'), 0, 0);
    put(Buffer.concat([Buffer.from('source/caf'), Buffer.of(0xe9)]), 'latin1');
    execFileSync('mkfifo', [at('source/pipe')]);
    symlinkSync('/etc/shadow', at('source/link'));
    symlinkSync('/etc', at('source/folder-link'));
    put('source/sparse', 'a');
    truncateSync(at('source/sparse'), 100_000_000);
    appendFileSync(at('source/sparse'), 'z');
    const answer = await ask({ op: 'copy', path: from, to: at('dest/copy') });
    expect(answer).toMatchObject({ ok: true, entry: { name: 'copy', type: 'folder' }, files: 6, left_out: 2 });
    expect(answer.reasons).toEqual([
      `${from}/pipe is a named pipe.`,
      `The Linux user ${linuxUser} may not do this with ${from}/secret.`,
    ]);
    const copy = (name: string): string => at(`dest/copy/${name}`);
    expect(readFileSync(copy('deep/data')).equals(readFileSync(`${from}/deep/data`))).toBe(true);
    expect(readFileSync(copy('sparse')).equals(readFileSync(`${from}/sparse`))).toBe(true);
    expect(statSync(copy('sparse')).blocks * 512).toBeLessThan(2_000_000);
    expect([readlinkSync(copy('link')), readlinkSync(copy('folder-link'))]).toEqual(['/etc/shadow', '/etc']);
    const { mode, uid } = statSync(copy('program'));
    expect([mode & 0o7777, uid]).toEqual([0o755, owner.uid]);
    expect(readdirSync(at('dest'))).toEqual(['copy']);
    const link = await ask({ op: 'copy', path: at('source/folder-link'), to: at('dest/one') });
    expect([link.ok, readlinkSync(at('dest/one'))]).toEqual([true, '/etc']);
  });

  it('copies nothing over something, into itself, or from a device, and leaves nothing of a copy that fails', async () => {
    const from = madeFolder('own/inner');
    put('own/file');
    put('own/there');
    symlinkSync(from, at('to-own'));
    const refused = async (path: string, to: string) => (await ask({ op: 'copy', path, to })).code;
    expect(await refused(at('own/file'), at('own/there'))).toBe('file_exists');
    expect(await refused(from, at('own/inner/copy'))).toBe('invalid_input');
    expect(await refused(from, at('to-own/inner/copy'))).toBe('invalid_input');
    expect(await refused('/', at('own/root'))).toBe('invalid_input');
    expect(await refused('/dev/zero', at('own/zero'))).toBe('not_a_file');
    expect(await refused('/proc/1', at('own/proc'))).toBe('not_a_file');
    expect(await refused(at('own/none'), at('own/new'))).toBe('file_not_found');
    expect(await refused(at('own/file'), at('none/new'))).toBe('file_not_found');
    expect((await ask({ op: 'copy', path: from, to: at('x') }, 'files_read')).code).toBe('invalid_input');
    if (isRoot) expect(await refused(at('own/file'), '/etc/copied-by-nobody')).toBe('file_access_denied');
    expect(readdirSync(from).sort()).toEqual(['file', 'inner', 'there']);
    expect(readdirSync(at('own/inner'))).toEqual([]);
  });

  it('leaves nothing of a copy that is cancelled, and takes over what a killed one left', async () => {
    const from = madeFolder('large/!locked', 'copies');
    put('large/!locked/file');
    chmodSync(`${from}/!locked`, 0o555);
    put('large/0');
    truncateSync(`${from}/0`, 1_000_000_000_000);
    const session = await new Session().open({ op: 'copy', path: from, to: at('copies/new') });
    await until(() => readdirSync(at('copies')).length > 0);
    const [part = ''] = readdirSync(at('copies'));
    expect(part).toMatch(/^\.new\..*\.part$/);
    expect((await ask({ op: 'copy', path: at('own'), to: at('copies/new') })).code).toBe('file_busy');
    await until(() => readdirSync(at(`copies/${part}`)).includes('0'));
    expect(statSync(at(`copies/${part}/!locked`)).mode & 0o777).toBe(0o555);
    session.viewer.send({ type: 'detach', reason: 'left' });
    await until(() => readdirSync(at('copies')).length === 0);
    madeFolder(`copies/${part}/left`);
    put(`copies/${part}/left/file`);
    chmodSync(at(`copies/${part}/left`), 0o055);
    utimesSync(at(`copies/${part}`), new Date(), new Date(Date.now() - 300_000));
    expect((await ask({ op: 'copy', path: at('own'), to: at('copies/new') })).ok).toBe(true);
    expect(readdirSync(at('copies'))).toEqual(['new']);
  });

  it('changes the mode of a file or folder, also of an unreadable one, and never that of what a link leads to', async () => {
    put('moded');
    chmodSync(at('moded'), 0);
    symlinkSync('moded', at('to-moded'));
    const mode = async (file: string, to: string) => {
      const { code, entry } = await ask({ op: 'chmod', path: file, mode: to });
      return code ?? (entry as FileEntry).mode;
    };
    expect(await mode(at('moded'), '640')).toBe('0640');
    expect(await mode(at('to-moded'), '777')).toBe('not_a_file');
    expect(await mode(madeFolder('moded-folder'), '2750')).toBe('2750');
    expect(statSync(at('moded')).mode & 0o777).toBe(0o640);
    expect(await mode(at('moded'), '999')).toBe('file_failed');
    if (isRoot) expect(await mode('/etc/passwd', '666')).toBe('file_access_denied');
  });

  it('sends a folder as a tar that tar unpacks unchanged, with long and foreign names, and names what is left out', async () => {
    const from = madeFolder('packed/deep', 'unpacked');
    const long = 'l'.repeat(200);
    mkdirSync(at(`packed/${long}`));
    put(`packed/${long}/${long}`, 'long');
    put('packed/café', 'utf-8');
    put(Buffer.concat([Buffer.from('packed/caf'), Buffer.of(0xe9)]), 'latin1');
    put('packed/deep/data', randomBytes(300_001));
    put('packed/empty', '');
    symlinkSync(`/${long}/${long}`, at('packed/link'));
    execFileSync('mkfifo', [at('packed/pipe')]);
    put('packed/secret');
    chmodSync(at('packed/secret'), 0);
    if (isRoot) chownSync(at('packed/secret'), 0, 0);
    const session = await new Session().open({ op: 'archive', path: from }, 'files_read');
    expect(await session.json()).toEqual({ ok: true });
    const end = await session.json();
    expect(end).toMatchObject({ ok: true, sha256: sha256(session.bytes), files: 5, left_out: 2 });
    execFileSync('tar', ['-x', '-C', at('unpacked')], { input: session.bytes });
    const left = readFileSync(at('unpacked/packed.left-out.txt'), 'utf8');
    expect(left).toContain(`${from}/pipe is a named pipe.\nThe Linux user ${linuxUser} may not`);
    rmSync(at('packed/pipe'));
    rmSync(at('packed/secret'));
    execFileSync('diff', ['-r', '--no-dereference', from, at('unpacked/packed')]);
    for (const [path, code] of [
      [at('packed/empty'), 'not_a_folder'],
      ['/proc/self', 'not_a_file'],
      [at('none'), 'file_not_found'],
    ] as const)
      expect((await ask({ op: 'archive', path }, 'files_read')).code).toBe(code);
  });

  it('is bounded: more than six sessions of one user are refused by name, and run once others have ended', async () => {
    const open: TestViewer[] = [];
    let first: DownFrame | undefined;
    while (open.length < 7 && first?.type !== 'refused') {
      const viewer = new TestViewer(hub);
      first = await viewer.attach({ kind: 'files_read', create: true });
      if (first.type === 'accepted') open.push(viewer);
    }
    expect(first).toMatchObject({
      code: 'too_many_sessions',
      message: 'This machine already has 6 requests about files of yours. Wait for one to end.',
    });
    for (const viewer of open) viewer.send({ type: 'detach', reason: 'left' });
    await until(
      async () => (await new TestViewer(hub).attach({ kind: 'files_read', create: true })).type === 'accepted',
    );
  });
});
