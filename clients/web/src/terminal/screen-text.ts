import type { Terminal } from '@xterm/xterm';

/** The screen and the scrollback as text: a line for each line of the output, without the blanks at its end. */
export const screenText = (terminal: Terminal): string => {
  const { active } = terminal.buffer;
  const lines: string[] = [];
  for (let y = 0; y < active.length; y++) {
    const line = active.getLine(y);
    const rest = line?.translateToString(active.getLine(y + 1)?.isWrapped !== true) ?? '';
    if (line?.isWrapped === true) lines[lines.length - 1] += rest;
    else lines.push(rest);
  }
  return `${lines.join('\n').trimEnd()}\n`;
};
