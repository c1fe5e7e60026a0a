import type { IMarker, Terminal } from '@xterm/xterm';
import classes from './failed-mark.module.css';

/** Draws a bar beside the prompt of a command that failed. */
export const markFailed = (terminal: Terminal, prompt: IMarker): void => {
  const decoration = terminal.registerDecoration({ marker: prompt, width: 1, layer: 'top' });
  decoration?.onRender((element) => element.classList.add(classes.failed ?? ''));
};
