import type { IBufferNamespace } from '@xterm/xterm';

/**
 * The screen and the scrollback as text: a line for each line of the output, without the blanks at its end. `part`: only the rows from `from`
 * to before `to`, counted from the begin of the scrollback.
 */
export const screenText = (
  { buffer: { active } }: { readonly buffer: Pick<IBufferNamespace, 'active'> },
  part = { from: 0, to: active.length },
): string => {
  const lines: string[] = [];
  for (let y = part.from; y < part.to; y++) {
    const line = active.getLine(y);
    const rest = line?.translateToString(active.getLine(y + 1)?.isWrapped !== true) ?? '';
    if (line?.isWrapped === true && lines.length > 0) lines[lines.length - 1] += rest;
    else lines.push(rest);
  }
  return `${lines.join('\n').trimEnd()}\n`;
};
