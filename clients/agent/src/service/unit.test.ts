import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderUnit, unitName } from './unit.ts';

const unit = (config: { linux_user: string; allow_sudo: boolean }, configPath = '/etc/vsay/agent.yaml'): string =>
  renderUnit({ program: [process.execPath, '--disable-sigusr1', '/opt/vsay agent/main.ts'], configPath, config });

/** The settings of a unit, without comments. */
const settings = (text: string): string[] => text.split('\n').filter((line) => /^[A-Z][A-Za-z]*=/.test(line));

/** The version of systemd on this machine; 0 without it. From 250 on, systemd-analyze rates a unit that is not installed. */
const systemdVersion = ((): number => {
  if (!existsSync('/usr/bin/systemd-analyze')) return 0;
  return Number(/^systemd (\d+)/.exec(execFileSync('systemd-analyze', ['--version'], { encoding: 'utf8' }))?.[1] ?? 0);
})();

describe('the unit of the agent', () => {
  it('keeps rights from shells exactly where sudo is not allowed', () => {
    expect(settings(unit({ linux_user: 'ann', allow_sudo: false }))).toContain('NoNewPrivileges=yes');
    for (const config of [
      { linux_user: 'ann', allow_sudo: true },
      { linux_user: 'root', allow_sudo: false },
    ]) {
      expect(settings(unit(config)).join('\n')).not.toMatch(/NoNewPrivileges|CapabilityBoundingSet/);
    }
  });

  it('gives shells the files, devices, mounts and limits that the machine has', () => {
    expect(settings(unit({ linux_user: 'ann', allow_sudo: false })).join('\n')).not.toMatch(
      /^(Protect|Private|UMask|Restrict[^P]|Lock|SystemCall|LimitCORE|Device|ReadOnly)/m,
    );
  });

  it('has the version before count the starts of a version on trial, only where the install script installed it', () => {
    const config = { linux_user: 'ann', allow_sudo: false };
    const installed = renderUnit({ program: ['node'], configPath: '/c', config, installation: '/opt/vsay-agent' });
    expect(settings(installed)).toContain(
      'ExecStartPre=-"/bin/sh" "-c" "test ! -e \\"$$1/trial.json\\" || exec \\"$$1/last-good/bin/vsay-agent\\" count-launch" "sh" "/opt/vsay-agent"',
    );
    expect(unit(config)).not.toContain('ExecStartPre');
  });

  it('does not start again what was refused for good, and quotes what stands in paths', () => {
    const lines = settings(unit({ linux_user: 'ann', allow_sudo: false }, '/etc/100% "$HOME".yaml'));
    expect(lines).toContain('RestartPreventExitStatus=2 3');
    expect(lines.find((line) => line.startsWith('ExecStart='))).toMatch(
      /"\/opt\/vsay agent\/main\.ts" "start" "--config" "\/etc\/100%% \\"\$\$HOME\\"\.yaml"$/,
    );
  });

  it('gives Node nothing of an environment that is set for all services', () => {
    expect(unit({ linux_user: 'ann', allow_sudo: false })).toMatch(/^UnsetEnvironment=.*NODE_OPTIONS.*NODE_PATH/m);
  });

  it.runIf(systemdVersion > 0)('is accepted by systemd', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'unit-'));
    const file = path.join(directory, unitName);
    for (const allow_sudo of [false, true]) {
      await writeFile(file, unit({ linux_user: 'ann', allow_sudo }));
      const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', file]).catch(
        (error: { stderr: string }) => error,
      );
      expect(stderr.split('\n').filter((line) => line.includes(unitName))).toEqual([]);
    }
    await rm(directory, { recursive: true });
  });

  it.runIf(systemdVersion >= 250)('lacks no restriction without a reason in docs/agent.md', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'unit-'));
    const file = path.join(directory, unitName);
    await writeFile(file, unit({ linux_user: 'ann', allow_sudo: false }));
    const args = ['security', '--offline=true', '--no-pager', file];
    const { stdout } = await promisify(execFile)('systemd-analyze', args);
    await rm(directory, { recursive: true });
    const lacking = [...stdout.matchAll(/^✗ (\S+)/gm)].flatMap(([, names = '']) =>
      names.includes('=~') ? [names.replace(/=~.*/, '')] : names.split('/').map((name) => name.replace(/=$/, '')),
    );
    const table = await readFile(path.join(import.meta.dirname, '../../../../docs/agent.md'), 'utf8');
    const named = [...table.matchAll(/`([A-Z]\w+\*?)`/g)].map(([, name = '']) => name);
    const isNamed = (name: string): boolean =>
      named.some((each) => each === name || (each.endsWith('*') && name.startsWith(each.slice(0, -1))));
    expect(lacking.length).toBeGreaterThan(20);
    // The table lists the capabilities, not the setting.
    expect(lacking.filter((name) => name !== 'CapabilityBoundingSet' && !isNamed(name))).toEqual([]);
  });
});
