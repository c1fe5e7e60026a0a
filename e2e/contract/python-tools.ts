import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectFolder } from '../../stack/src/project-folder.ts';

const run = promisify(execFile);

/**
 * The folder of the programs of packages of PyPI, in a virtual environment that is made once for each version. It needs python3 with venv
 * and the network. The programs name the folder in which they were installed, so it is not moved once it is whole.
 */
export const pythonTools = async (...requirements: string[]): Promise<string> => {
  const folder = join(projectFolder, 'node_modules/.cache/python-tools', requirements.join('+'));
  const whole = join(folder, 'whole');
  if (!existsSync(whole)) {
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements];
    await run(join(folder, 'bin', 'python'), install);
    writeFileSync(whole, '');
  }
  return join(folder, 'bin');
};
