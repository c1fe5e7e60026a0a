import { bytesOfPath, joinPath, pathProblem } from '@webxterm/contracts/file-paths';
import { isPlainText } from '@webxterm/contracts/text';

/** A name as people see it: characters that are invisible, or change how others are shown, become `\u{...}`. */
export const shownName = (name: string): string =>
  [...name].map((character) => (character === ' ' || isPlainText(character) ? character : escaped(character))).join('');

const escaped = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;

/** The name of a file of this computer, as in paths: there a backslash begins an escape. */
export const nameOnMachine = (name: string): string => name.toWellFormed().replaceAll('\\', '\\\\');

/** Why a typed text is no name of a file. Undefined: it is one. */
export const nameProblem = (name: string): string | undefined => {
  if (name === '') return 'Type a name.';
  if (name.includes('/')) return 'A name has no slash.';
  if (name === '.' || name === '..') return 'This name is taken by the system.';
  const problem = pathProblem(joinPath('/', name));
  if (problem !== undefined) return `A name ${problem}.`;
  return (bytesOfPath(name)?.length ?? 0) > 255 ? 'A name has at most 255 bytes.' : undefined;
};

/** The folders from `/` to this path. */
export const foldersTo = (path: string): readonly { readonly name: string; readonly path: string }[] => {
  const names = path.split('/').filter((name) => name !== '');
  return [
    { name: '/', path: '/' },
    ...names.map((name, at) => ({ name, path: `/${names.slice(0, at + 1).join('/')}` })),
  ];
};
