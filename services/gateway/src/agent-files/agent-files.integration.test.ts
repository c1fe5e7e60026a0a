import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { exchange, json, type RawAnswer } from '../testing/raw-http.ts';

const dir = mkdtempSync(join(tmpdir(), 'agent-files-'));
const content = 'archive '.repeat(1000);
const hash = createHash('sha256').update(content).digest('hex');
const archive = `/agent/files/${hash}/vsay-agent-0.1.0+0123456789ab-linux-x64.tar.gz`;
let gateway: GatewayProcess;

const place = (name: string, text: string): void => writeFileSync(join(dir, name), text);

beforeAll(async () => {
  mkdirSync(join(dir, 'files', hash), { recursive: true });
  mkdirSync(join(dir, 'wanted'));
  place(archive.replace('/agent/', ''), content);
  place('install.sh', '#!/bin/sh\nsay\n');
  place('manifest.json.sig', 'signature');
  place('private.pem', 'never');
  gateway = await startGateway({ AGENT_DIR: dir });
});

afterAll(async () => {
  await gateway?.stop();
  rmSync(dir, { recursive: true });
});

const get = (path: string, ...headers: string[]): Promise<RawAnswer> =>
  exchange(gateway.port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, ...headers]);

describe('the files of the installation', () => {
  it('contain the published script, whatever the request contains', async () => {
    const plain = await get('/install.sh');
    expect(plain).toMatchObject({ status: 200, body: '#!/bin/sh\nsay\n' });
    expect(plain.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    const odd = await get('/install.sh?host=$(id)', 'X-Forwarded-Host: evil.example', 'User-Agent: `id`');
    expect([odd.status, odd.body]).toEqual([200, plain.body]);
    const again = await get('/install.sh', `If-None-Match: ${plain.headers.etag}`);
    expect(again.status).toBe(304);
  });

  it('contain archives that may be cached permanently, also in parts', async () => {
    const whole = await get(archive);
    expect([whole.status, whole.body]).toEqual([200, content]);
    expect(whole.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/gzip',
      'content-length': String(content.length),
    });
    const rest = await get(archive, 'Range: bytes=7990-');
    expect([rest.status, rest.body, rest.headers['content-range']]).toEqual([
      206,
      content.slice(7990),
      `bytes 7990-7999/${content.length}`,
    ]);
  });

  it('are available after a build in progress, and other files of the folder are not', async () => {
    const early = await get('/agent/manifest.json');
    expect([early.status, early.headers['retry-after']]).toEqual([503, '5']);
    place('manifest.json', '{}\n');
    expect((await get('/agent/manifest.json')).body).toBe('{}\n');
    expect((await get('/agent/preview/manifest.json')).status).toBe(404);
    mkdirSync(join(dir, 'preview'));
    place('preview/manifest.json', '{"preview":true}\n');
    expect((await get('/agent/preview/manifest.json')).body).toBe('{"preview":true}\n');
    const absent = archive.replace(hash, '0'.repeat(64));
    for (const path of ['/agent/', '/agent/private.pem', '/agent/files/', '/agent/wanted/', '/agent/x', absent]) {
      const answer = await get(path);
      expect([path, answer.status, json(answer).code]).toEqual([path, 404, 'not_found']);
    }
  });

  it('is requested for a machine of another kind, and not for an unknown kind', async () => {
    expect((await get('/agent/wanted/linux-arm64')).status).toBe(202);
    expect(existsSync(join(dir, 'wanted', 'linux-arm64'))).toBe(true);
    for (const kind of ['linux-sparc', 'linux-arm64x', '..%2Fx']) {
      expect([404, 400]).toContain((await get(`/agent/wanted/${kind}`)).status);
    }
  });

  it('are read-only', async () => {
    const lines = [`POST ${archive} HTTP/1.1`, `Host: 127.0.0.1:${gateway.port}`, 'Content-Length: 0'];
    const answer = await exchange(gateway.port, lines);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it('has its archives elsewhere in an image, and its manifest from the set-up', async () => {
    const signed = mkdtempSync(join(tmpdir(), 'agent-signed-'));
    writeFileSync(join(signed, 'manifest.json'), '{"signed":true}\n');
    const image = await startGateway({ AGENT_DIR: signed, AGENT_ARCHIVES_DIR: join(dir, 'files') });
    try {
      const from = (path: string) => exchange(image.port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${image.port}`]);
      expect((await from('/agent/manifest.json')).body).toBe('{"signed":true}\n');
      const whole = await from(archive);
      expect([whole.status, whole.body, whole.headers['cache-control']]).toEqual([
        200,
        content,
        'public, max-age=31536000, immutable',
      ]);
      expect((await from(archive.replace(hash, '0'.repeat(64)))).status).toBe(404);
      expect((await from('/agent/wanted/linux-arm64')).status).toBe(404);
    } finally {
      await image.stop();
      rmSync(signed, { recursive: true });
    }
  });

  it('is nothing where nothing is published', async () => {
    const bare = await startGateway({});
    try {
      for (const path of ['/install.sh', '/agent/manifest.json', '/agent/wanted/linux-x64']) {
        const answer = await exchange(bare.port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${bare.port}`]);
        expect([path, answer.status]).toEqual([path, 404]);
      }
    } finally {
      await bare.stop();
    }
  });
});
