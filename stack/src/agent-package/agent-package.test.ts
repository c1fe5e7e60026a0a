import { createHash, generateKeyPairSync, verify } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectFolder } from '../project-folder.ts';
import { writeArchive } from './archive.ts';
import type { BuiltPackage } from './built-package.ts';
import { bundleAgent } from './bundle.ts';
import { listFile, type PackageContents, type Part, packageContents, sha256, versionOf } from './contents.ts';
import { nextManifest, parseManifest } from './manifest.ts';
import { lockedNodeVersion, pinnedPackages, platforms } from './pinned-packages.ts';
import { publishInstaller, publishRelease } from './publish.ts';
import { keepReleaseKey, publicPem } from './release-key.ts';
import { withoutSymbols } from './without-symbols.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-package-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bundle = {
  files: new Map([['agent.js', '1']]),
  licences: new Map([['left-pad@1.0.0', 'do what you like']]),
  packages: ['node_modules/commander'],
};
const pin = (name: string) => ({ name, version: '1.0.0', integrity: `sha512-${name}` });
const part = (name: string) => ({ package: pin(name), binary: Buffer.from(name), licence: `licence of ${name}` });
const contents = (): PackageContents =>
  packageContents(projectFolder, { bundle, version: '1', platform: 'linux-x64', node: part('node'), pty: part('pty') });

describe('the content of the package beside the bundle', () => {
  it('is the Node that the project itself runs on, and its node-pty, by the hashes of npm', () => {
    for (const platform of platforms) {
      const { node, pty } = pinnedPackages(projectFolder, platform);
      expect(node.version, 'give node-packages.json the hashes of this version').toBe(lockedNodeVersion(projectFolder));
      expect(pty.name).toBe(`@lydell/node-pty-${platform}`);
      for (const { integrity } of [node, pty]) expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  });

  it('has a version of its own for each content', () => {
    const [node, pty] = [pin('node'), pin('pty')];
    const version = versionOf(projectFolder, bundle, [node, pty]);
    expect(version).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
    expect(versionOf(projectFolder, bundle, [node, pty])).toBe(version);
    const others = [
      versionOf(projectFolder, { ...bundle, files: new Map([['agent.js', '2']]) }, [node, pty]),
      versionOf(projectFolder, bundle, [node, { ...pty, integrity: 'sha512-other' }]),
    ];
    for (const other of others) expect(other).not.toBe(version);
  });

  it('is listed by size, hash and mode, with every licence', () => {
    const { files } = contents();
    const list: { files: { path: string; size: number; sha256: string; mode: string }[] } = JSON.parse(
      String(listFile(contents(), new Map()).content),
    );
    expect(list.files.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
    for (const { path, size, sha256: hash, mode } of list.files) {
      const file = files.find((each) => each.path === path);
      expect([size, hash, mode]).toEqual([
        file?.content.length,
        sha256(file?.content ?? ''),
        path.startsWith('bin/') ? '0755' : '0644',
      ]);
    }
    const licences = String(files.find(({ path }) => path === 'LICENSES')?.content);
    for (const text of ['Apache License', 'do what you like', 'licence of node', 'licence of pty'])
      expect(licences).toContain(text);
  });

  it('has an SBOM of the bundled packages, Node and node-pty, each with licence and hash', () => {
    const sbom: { components: { name: string; licenses: object[]; hashes: { alg: string; content: string }[] }[] } =
      JSON.parse(String(contents().files.find(({ path }) => path === 'sbom.cdx.json')?.content));
    expect(sbom.components.map(({ name }) => name)).toEqual(['commander', 'node', 'pty']);
    for (const { licenses, hashes } of sbom.components)
      expect([licenses, hashes.map(({ alg }) => alg)]).toEqual([[{ expression: 'MIT' }], ['SHA-512']]);
  });

  it('is bundled to the same bytes each time, and every bundled package is in the SBOM with its licence text', async () => {
    const [one, other] = [await bundleAgent(projectFolder), await bundleAgent(projectFolder)];
    expect([...one.files]).toEqual([...other.files]);
    const { files } = packageContents(projectFolder, {
      bundle: one,
      version: '1',
      platform: 'linux-x64',
      node: part('node'),
      pty: part('pty'),
    });
    const sbom: { components: { name: string; version: string }[] } = JSON.parse(
      String(files.find(({ path }) => path === 'sbom.cdx.json')?.content),
    );
    const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed).toEqual(expect.arrayContaining([...one.licences.keys()]));
    expect(listed).toHaveLength(one.licences.size + 2);
    for (const [name, text] of one.licences) expect(text, name).toMatch(/\w{3}/);
  }, 60_000);

  it('does not import the modules of Node whose exports take memory, which ADR 45 names', async () => {
    const { files } = await bundleAgent(projectFolder);
    const imports = [...files].flatMap(([name, code]) =>
      [...code.matchAll(/from\s*"((?:node:)?[\w/]+)"/g)].map(([, module = '']) => `${name} ${module}`),
    );
    expect(imports.length).toBeGreaterThan(50);
    expect(imports.filter((each) => /\b(https?|http2|tls)$/.test(each))).toEqual([]);
  });

  it('omits the symbols of a program, and refuses other files', () => {
    const program = readFileSync(process.execPath);
    const stripped = withoutSymbols(program);
    expect(stripped.length).toBeLessThan(program.length);
    expect(() => withoutSymbols(Buffer.from('#!/bin/sh'))).toThrow('no 64-bit ELF file');
  });
});

describe('the archive', () => {
  it('is the same bytes each time, and unpacks to what was packed', async () => {
    const [one, other] = [join(folder, 'one.tar.gz'), join(folder, 'other.tar.gz')];
    const part = await writeArchive(one, contents());
    expect(await writeArchive(other, contents())).toEqual(part);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
    const found: Record<string, [number | undefined, number | undefined]> = {};
    const unpack = createReadStream(one).pipe(createGunzip()).pipe(extract());
    for await (const entry of unpack) {
      found[entry.header.name] = [entry.header.mode, entry.header.uid];
      entry.resume();
    }
    const list = gunzipSync(readFileSync(one).subarray(part.offset, part.offset + part.length));
    expect(sha256(list)).toBe(part.sha256);
    const packed = [...contents().files, { path: 'files.json', mode: 0o644 }];
    expect(found).toEqual(Object.fromEntries(packed.map(({ path, mode }) => [path, [mode, 0]])));
    const { files }: { files: { sha256: string; part: Part }[] } = JSON.parse(String(list));
    for (const { sha256: hash, part: of } of files)
      expect(sha256(gunzipSync(readFileSync(one).subarray(of.offset, of.offset + of.length)))).toBe(hash);
  });
});

describe('a release', () => {
  const built = (version: string, content = version): BuiltPackage => {
    const file = `vsay-agent-${version}-linux-x64.tar.gz`;
    const list = { offset: 0, length: 1, sha256: sha256('') };
    mkdirSync(join(folder, 'built'), { recursive: true });
    writeFileSync(join(folder, 'built', file), content);
    return { platform: 'linux-x64', version, file, size: content.length, unpacked: 1, sha256: sha256(content), list };
  };
  const key = () => keepReleaseKey(join(folder, 'key', 'release-key.pem'));
  const publish = (version: string, now = Date.UTC(2030, 0)) =>
    publishRelease({
      folder: join(folder, 'public'),
      key: key(),
      built: join(folder, 'built'),
      packages: [built(version)],
      now,
    });
  const read = (name: string): Buffer => readFileSync(join(folder, 'public', name));

  it('is signed as a whole, and names where its archives are and what they are', () => {
    const { files } = publish('1.0.0');
    const manifest = read('manifest.json');
    expect(verify(null, manifest, publicPem(key()), read('manifest.json.sig'))).toBe(true);
    expect(parseManifest(String(manifest)).files).toEqual(files);
    for (const { path, sha256: hash, size } of files) {
      expect(createHash('sha256').update(read(path)).digest('hex')).toBe(hash);
      expect(read(path)).toHaveLength(size);
    }
  });

  it('goes up by one when something changed or its time is nearly over, and else stays as it is', () => {
    const start = Date.UTC(2030, 0);
    const after = (days: number): number => start + days * 86_400_000;
    expect(publish('1.0.0', start).sequence).toBe(1);
    expect(publish('1.0.0', after(100)).sequence).toBe(1);
    expect(publish('1.0.1', after(101)).sequence).toBe(2);
    const last = publish('1.0.1', after(101 + 300));
    expect([last.sequence, last.expires]).toEqual([3, new Date(after(401 + 365)).toISOString().replace('.000', '')]);
  });

  it('keeps the archives of the one before it and no older ones', () => {
    for (const version of ['1.0.0', '1.0.1', '1.0.2']) publish(version);
    expect(readdirSync(join(folder, 'public', 'files')).sort()).toEqual([sha256('1.0.1'), sha256('1.0.2')].sort());
  });

  it('is signed with one key for good, which is for its owner alone', () => {
    const pem = publicPem(key());
    expect(publicPem(key())).toBe(pem);
    publish('1.0.0');
    publishInstaller(join(folder, 'public'), "host='@HOST@'\nkey='@RELEASE_KEY@'\n", 'https://a.example', key());
    const script = String(read('install.sh'));
    expect(script).toBe(`host='https://a.example'\nkey='${pem.trim()}'\n`);
    const published = readdirSync(join(folder, 'public'), { recursive: true, encoding: 'utf8' });
    for (const name of published.filter((each) => existsSync(join(folder, 'public', each)) && /\.|sig$/.test(each)))
      expect(readFileSync(join(folder, 'public', name), 'latin1')).not.toContain('PRIVATE');
  });

  it('accepts no host for the script that a shell would interpret', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => publishInstaller(folder, '', "https://a'; rm -rf /", privateKey)).toThrow('cannot stand');
  });

  it('is the same if only time has passed', () => {
    const before = nextManifest(undefined, '1', [], 0);
    expect(nextManifest(before, '1', [], 1000)).toBe(before);
  });
});
