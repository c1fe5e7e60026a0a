import { spawnSync } from 'node:child_process';
import { projectFolder } from './project-folder.ts';

/** The commit of the project's folder. Undefined without git, or in a folder that is not a clone. */
export const currentCommit = ({ PATH = '' }: Readonly<Record<string, string>>): string | undefined => {
  const git = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {
    cwd: projectFolder,
    env: { PATH },
    encoding: 'utf8',
  });
  return git.status === 0 ? git.stdout.trim() : undefined;
};
