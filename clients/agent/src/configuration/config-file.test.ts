import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { companionFiles, defaultConfigPath } from './agent-config.ts';
import { checkConfig, readConfig, writeConfig } from './config-file.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-config-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const settings = { host: 'https://term.example.org/', token: 'vsay_ak_x', linux_user: 'ubuntu', name: 'web-1' };

describe('agent.yaml', () => {
  it('is written 0600 into a directory 0700, and read back', async () => {
    const file = path.join(directory, 'vsay', 'agent.yaml');
    const config = checkConfig(settings, 'test');
    await writeConfig(file, config);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(await readConfig(file)).toEqual(config);
    expect(config).toMatchObject({ host: 'https://term.example.org', allow_sudo: false, max_sessions: 64 });
  });

  it('names everything that is wrong in one error', () => {
    expect(() => checkConfig({ host: 'ftp://x', name: '', colour: 1 }, 'agent.yaml')).toThrow(
      /agent\.yaml is not valid(?=[\s\S]*host)(?=[\s\S]*linux_user)(?=[\s\S]*name)(?=[\s\S]*colour)/,
    );
  });

  it('names accounts of up to 255 bytes, because the machine decides which accounts exist', () => {
    const accounts = (linux_user: string) =>
      checkConfig({ ...settings, linux_user, other_linux_users: [linux_user] }, '');
    const long = `jörg@${'a'.repeat(249)}`;
    expect(accounts(long)).toMatchObject({ linux_user: long, other_linux_users: [long] });
    expect(() => accounts(`${long}a`)).toThrow(/linux_user(?=[\s\S]*other_linux_users)/);
  });

  it('explains what to do if it is missing or is not YAML', async () => {
    const file = path.join(directory, 'agent.yaml');
    await expect(readConfig(file)).rejects.toThrow(/run "vsay-agent configure/);
    await writeFile(file, 'host: [');
    await expect(readConfig(file)).rejects.toThrow(/not YAML/);
    expect(await readFile(file, 'utf8')).toBe('host: [');
  });

  it('is in /etc for root and in the home folder of other users, beside the related files', () => {
    expect(defaultConfigPath({ uid: 0, homedir: '/root' })).toBe('/etc/vsay/agent.yaml');
    expect(defaultConfigPath({ uid: 5, homedir: '/home/a' })).toBe('/home/a/.config/vsay/agent.yaml');
    expect(companionFiles('/etc/vsay/agent.yaml').key).toBe('/etc/vsay/agent.key');
  });
});
