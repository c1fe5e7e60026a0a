import { shellWord } from '@webxterm/contracts/shell-word';

/**
 * The command line for the words of `vsay exec`. One word is a line for the shell of the machine, as it is. Several are a program and its
 * arguments, which reach the program unchanged.
 */
export const commandLine = (words: readonly string[]): string => {
  const [only = '', ...more] = words;
  return more.length === 0 ? only : words.map(shellWord).join(' ');
};
