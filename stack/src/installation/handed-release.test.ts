import { verify } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseManifest } from '../agent-package/manifest.ts';
import { handedRelease } from './handed-release.ts';

let folder = '';
let packages = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'handed-release-'));
  packages = mkdtempSync(join(tmpdir(), 'agent-packages-'));
});
afterEach(() => {
  for (const each of [folder, packages]) rmSync(each, { recursive: true });
});

/** The records of an image, as the packaging command writes them. */
const image = (version: string): void => {
  for (const platform of ['linux-x64', 'linux-arm64']) {
    const file = `vsay-agent-${version}-${platform}.tar.gz`;
    const record = {
      platform,
      version,
      file,
      size: 1,
      unpacked: 1,
      sha256: 'a'.repeat(64),
      list: { offset: 0, length: 1, sha256: 'c'.repeat(64) },
    };
    for (const name of readdirSync(packages))
      if (name.endsWith(`${platform}.tar.gz.json`)) rmSync(join(packages, name));
    writeFileSync(join(packages, `${file}.json`), JSON.stringify(record));
  }
};

const handed = (now = Date.UTC(2030, 0)) => {
  const files = handedRelease(folder, { publicUrl: 'https://a.example', packages, now });
  const text = (name: string): string => String(files.get('gateway')?.get(name));
  return { files, text, manifest: parseManifest(text('manifest.json')) };
};

const keyOf = (script: string): string =>
  /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/.exec(script)?.[0] ?? '';

describe('the release that a set-up signs', () => {
  it('is of the packages of the images, by the key that the script names', () => {
    image('1.0.0');
    const { files, text, manifest } = handed();
    expect(manifest.files.map(({ platform }) => platform).sort()).toEqual(['linux-arm64', 'linux-x64']);
    const signature = files.get('gateway')?.get('manifest.json.sig');
    expect([...(files.get('agent-hub') ?? [])]).toEqual([['manifest.json', text('manifest.json')]]);
    expect(Buffer.isBuffer(signature)).toBe(true);
    const script = text('install.sh');
    expect(script).toContain("default_host='https://a.example'");
    expect(verify(null, Buffer.from(text('manifest.json')), keyOf(script), Buffer.from(signature ?? ''))).toBe(true);
  });

  it('is the same at the next set-up, and a later one with other packages or near its end', () => {
    image('1.0.0');
    const first = handed();
    expect(handed().files).toEqual(first.files);
    image('1.0.1');
    const second = handed();
    expect([second.manifest.version, second.manifest.sequence]).toEqual(['1.0.1', first.manifest.sequence + 1]);
    expect(keyOf(second.text('install.sh'))).toBe(keyOf(first.text('install.sh')));
    const days = 300 * 86_400_000;
    expect(handed(Date.UTC(2030, 0) + days).manifest.sequence).toBe(second.manifest.sequence + 1);
  });

  it('shows its private key to no container', () => {
    image('1.0.0');
    const { files } = handed();
    for (const content of files.values()) expect(String(content)).not.toContain('PRIVATE');
    expect(statSync(join(folder, 'made', 'release-key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'made')).mode & 0o777).toBe(0o700);
  });
});
