import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchArchive } from '../../../clients/agent/src/update/fetch-release.ts';
import { Installation } from '../../../clients/agent/src/update/installation.ts';
import { installVersion, unpack } from '../../../clients/agent/src/update/unpack.ts';
import { type UpdateResult, update } from '../../../clients/agent/src/update/update.ts';
import { agentFiles } from '../../../services/gateway/src/agent-files/agent-files.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { keepReleaseKey, publicPem } from './release-key.ts';
import { publishTestRelease, testPlatform } from './test-release.ts';

const megabyte = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'changed-files-'));
const release = join(folder, 'release');
const key = keepReleaseKey(join(folder, 'key', 'release-key.pem'));
/** In place of the 100 MB of Node, which do not change either. It cannot be compressed well. */
const ballast = `# ${randomBytes(megabyte).toString('base64')}\n`;
const printsItsVersion = `
import { readFileSync } from 'node:fs';
console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
`;
const bundle = { files: new Map([['agent.js', printsItsVersion]]), licences: new Map(), packages: [] };
const publish = (mark: string, more: { ballast?: string; changed?: Record<string, string> } = {}): Promise<Manifest> =>
  publishTestRelease({ bundle, folder: release, key, mark, ballast, ...more });

let server: Server;
let first: Installation;
let installation: Installation;
/** Of the connections that have closed, from the server. */
let sent = 0;
/** Of each response with a file, as the server of the test changes it. */
let serve = (_request: IncomingMessage, _response: ServerResponse, real: () => void): void => real();

beforeAll(async () => {
  mkdirSync(release);
  await publish('first');
  const files = agentFiles({ dir: release, archives: undefined, publicUrl: 'http://127.0.0.1' });
  server = createServer((request, response) => serve(request, response, () => files(request, response)));
  server.on('connection', (socket) =>
    socket.on('close', () => {
      sent += socket.bytesWritten;
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  first = await installed();
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const source = () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { host: `http://127.0.0.1:${port}`, trust: 'public', proxy: {} } as const;
};
const now = (): number => Date.now();

/** A machine with the first version. */
const installed = async (): Promise<Installation> => {
  const { version, files } = parseManifest(readFileSync(join(release, 'manifest.json'), 'utf8'));
  const installation = new Installation(mkdtempSync(join(folder, 'machine-')));
  mkdirSync(installation.versions);
  writeFileSync(join(installation.folder, 'release-key.pem'), publicPem(key));
  const [listed] = files;
  if (listed === undefined || testPlatform === undefined) return installation;
  await installVersion(installation, { version, platform: testPlatform }, async (target) =>
    unpack(await fetchArchive(source(), installation, { listed, bytesPerSecond: 0 }), target),
  );
  await installation.activate(version, { manifest: Buffer.from('{}'), sequence: 0 });
  installation.confirm();
  return installation;
};

beforeEach(() => {
  serve = (_request, _response, real) => real();
  const copy = mkdtempSync(join(folder, 'machine-'));
  cpSync(first.folder, copy, { recursive: true, verbatimSymlinks: true });
  installation = new Installation(copy);
});
afterEach(() => rmSync(installation.folder, { recursive: true }));

const updated = async (bytesPerSecond = 0): Promise<{ result: UpdateResult; bytes: number }> => {
  const before = sent;
  const how = { platform: testPlatform ?? '', now: now(), channel: 'stable', bytesPerSecond } as const;
  const result = await update(installation, source(), how);
  await new Promise((resolve) => server.getConnections(resolve));
  return { result, bytes: sent - before };
};
const inVersion = (version: string, name: string): string => join(installation.versions, version, name);
/** Downloads and folders of updates that have not ended. */
const left = (): string[] => readdirSync(installation.versions).filter((name) => name.startsWith('.'));

describe.runIf(testPlatform !== undefined)('an update', () => {
  it('fetches only the files that have changed, and links the others to those of the version before', async () => {
    const [old = '', next] = [installation.current, await publish('second')];
    const { result, bytes } = await updated();
    expect(result).toEqual({ kind: 'installed', version: next.version });
    // The archive has 2 MB. Changed are mark.js and package.json; with manifest, signature, list and all HTTP headers.
    expect(next.files[0]?.size).toBeGreaterThan(megabyte);
    expect(bytes).toBeLessThan(12_000);
    for (const name of ['bin/node', 'pty.node'])
      expect(statSync(inVersion(next.version, name)).ino).toBe(statSync(inVersion(old, name)).ino);
    expect(readFileSync(inVersion(next.version, 'lib/mark.js'), 'utf8')).toBe('// second');
    expect(left()).toEqual([]);
  });

  it('fetches a file again that is not what its list says, and changes nothing at the version before', async () => {
    const old = inVersion(installation.current ?? '', 'pty.node');
    const damaged = readFileSync(old).subarray(1);
    writeFileSync(old, damaged);
    const { version } = await publish('second');
    expect((await updated()).result.kind).toBe('installed');
    expect(statSync(inVersion(version, 'pty.node')).size).toBe(damaged.length + 1);
    expect(readFileSync(old).equals(damaged)).toBe(true);
  });

  it('continues after each cut with the byte after the last one that arrived', async () => {
    const { version } = await publish('second', { ballast: `# ${randomBytes(megabyte).toString('hex')}\n` });
    const starts: number[] = [];
    serve = (request, response, real) => {
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      // The program. Its connections end after 100 kB or more.
      if (Number(end) - Number(start) > 10_000) {
        starts.push(Number(start));
        const { socket } = response;
        // The connection may have carried other responses.
        const before = socket?.bytesWritten ?? 0;
        const look = setInterval(() => {
          if ((socket?.bytesWritten ?? 0) < before + 100_000) return;
          clearInterval(look);
          socket?.destroySoon();
        }, 1);
        // The connection may carry other responses afterwards.
        response.on('close', () => clearInterval(look));
      }
      real();
    };
    for (let tries = 1; installation.current !== version; tries += 1) {
      expect(tries).toBeLessThan(10);
      await updated().catch((error: unknown) => expect(String(error)).toContain('It goes on at the next update'));
    }
    // Nothing of a response may have arrived before its cut. The next request begins at the same byte then, and none begins before it.
    expect(starts).toEqual(starts.toSorted((one, other) => one - other));
    expect(new Set(starts).size).toBeGreaterThan(2);
    expect(left()).toEqual([]);
  });

  it('takes the whole archive where a proxy has no ranges', async () => {
    const { version, files } = await publish('second');
    serve = (request, _response, real) => {
      delete request.headers.range;
      real();
    };
    const { result, bytes } = await updated();
    expect(result).toEqual({ kind: 'installed', version });
    expect(bytes).toBeGreaterThan(files[0]?.size ?? 0);
  });

  it('has the limit of its rate', async () => {
    await publish('second', { changed: { 'new.js': `// ${randomBytes(150_000).toString('base64')}` } });
    const startedAt = performance.now();
    const { bytes } = await updated(200_000);
    expect(bytes / (performance.now() - startedAt)).toBeLessThan(250);
  });

  it.each([
    ['the list', 'list_offset'],
    ['a file', undefined],
  ] as const)('refuses %s with another byte, and keeps the version that is there', async (_what, at) => {
    const [file] = (await publish('second', { changed: { 'agent.js': `${printsItsVersion}// other` } })).files;
    const archive = join(release, file?.path ?? '');
    const content = readFileSync(archive);
    const list: { files: { path: string; part: { offset: number } }[] } = JSON.parse(
      readFileSync(inVersion(installation.current ?? '', 'files.json'), 'utf8'),
    );
    // agent.js is before the first file whose size has changed.
    const of = list.files.find(({ path }) => path === 'lib/agent.js')?.part.offset ?? 0;
    const place = (at === undefined ? of : (file?.[at] ?? 0)) + 20;
    content[place] = (content[place] ?? 0) ^ 1;
    rmSync(archive);
    writeFileSync(archive, content);
    const held = installation.current;
    await expect(updated()).rejects.toThrow('not what was signed');
    expect([installation.current, left().filter((name) => name.startsWith('.update'))]).toEqual([held, []]);
    rmSync(archive);
  });
});
