import type { Terminal } from '@xterm/xterm';

/** Scrolls the scrollback; where a program has the screen or the mouse, turns the wheel for it. */
const scroll = (element: HTMLElement, terminal: Terminal, lines: number, at: Touch): void => {
  const { buffer, modes } = terminal;
  if (buffer.active.type === 'normal' && modes.mouseTrackingMode === 'none') {
    terminal.scrollLines(lines);
    return;
  }
  const screen = element.querySelector('.xterm-screen');
  const place = { clientX: at.clientX, clientY: at.clientY, bubbles: true, cancelable: true };
  const step = { deltaY: Math.sign(lines), deltaMode: WheelEvent.DOM_DELTA_LINE, ...place };
  // The emulator sends one arrow key, or one report of the mouse, for an event, however far the wheel was turned.
  for (let line = 0; line < Math.abs(lines); line += 1) screen?.dispatchEvent(new WheelEvent('wheel', step));
};

/** One finger drags the output; the page itself stays where it is. @returns what ends it */
export const scrollByFinger = (element: HTMLElement, terminal: Terminal): (() => void) => {
  let last: number | undefined;
  let rest = 0;
  const start = ({ touches }: TouchEvent): void => {
    last = touches.length === 1 ? touches[0]?.clientY : undefined;
    rest = 0;
  };
  const move = (event: TouchEvent): void => {
    const touch = event.touches[0];
    if (last === undefined || touch === undefined || event.touches.length !== 1) return;
    // Or the browser scrolls the page, or reloads it when it is pulled down.
    if (event.cancelable) event.preventDefault();
    rest += last - touch.clientY;
    last = touch.clientY;
    const height = (element.querySelector('.xterm-screen')?.clientHeight ?? 0) / terminal.rows;
    const lines = Math.trunc(rest / Math.max(1, height));
    if (lines === 0) return;
    rest -= lines * height;
    scroll(element, terminal, lines, touch);
  };
  element.addEventListener('touchstart', start, { passive: true });
  element.addEventListener('touchmove', move, { passive: false });
  return () => {
    element.removeEventListener('touchstart', start);
    element.removeEventListener('touchmove', move);
  };
};
