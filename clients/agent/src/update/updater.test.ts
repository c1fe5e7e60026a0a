import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { UpdateReport } from '@webxterm/contracts/grpc';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Installation } from './installation.ts';
import { Updater } from './updater.ts';

it('reports to each hub that a version was withdrawn, until that version is the current one again', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'installation-'));
  for (const version of ['1', '2']) mkdirSync(path.join(folder, 'versions', version), { recursive: true });
  symlinkSync('versions/1', path.join(folder, 'current'));
  writeFileSync(path.join(folder, 'sequence'), '1\n');
  const installation = new Installation(folder);
  const updater = new Updater({
    installation,
    version: '1',
    config: { host: 'https://webxterm.example.com' },
    proxy: {},
    log: pino({ level: 'silent' }),
    now: () => 0,
  });
  const sent: UpdateReport[] = [];
  const follow = (): void => updater.follow((report) => sent.push(report));
  const release = { manifest: Buffer.from('release 2'), sequence: 2 };
  await installation.activate('2', release);
  installation.rollBack('it was not connected', 'unsure');
  follow();
  expect(sent).toEqual([]);
  const [failed] = installation.failed;
  expect(failed !== undefined && installation.conclude(failed, 'withdrawn')).toBe(true);
  follow();
  expect(sent).toMatchObject([
    { version: '2', state: 'postponed', reason: expect.stringContaining('No hub could be reached') },
  ]);
  expect(updater.state.failedVersion).toBe('');
  await installation.activate('2', release);
  follow();
  expect(sent).toHaveLength(1);
  rmSync(folder, { recursive: true });
});
