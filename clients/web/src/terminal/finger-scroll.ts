import type { Terminal } from '@xterm/xterm';

/** Scrolls the scrollback. If a program uses the whole screen or the mouse, sends it wheel events instead. */
const scroll = (element: HTMLElement, terminal: Terminal, lines: number, at: Touch): void => {
  const { buffer, modes } = terminal;
  if (buffer.active.type === 'normal' && modes.mouseTrackingMode === 'none') {
    terminal.scrollLines(lines);
    return;
  }
  const screen = element.querySelector('.xterm-screen');
  const place = { clientX: at.clientX, clientY: at.clientY, bubbles: true, cancelable: true };
  const step = { deltaY: Math.sign(lines), deltaMode: WheelEvent.DOM_DELTA_LINE, ...place };
  // The emulator sends one arrow key or one mouse report for each event, however large the wheel delta is.
  for (let line = 0; line < Math.abs(lines); line += 1) screen?.dispatchEvent(new WheelEvent('wheel', step));
};

/** Scrolls the output by one finger. The page itself does not scroll. @returns a function that stops it */
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
    // Prevents the browser from scrolling the page, or reloading it when it is pulled down.
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
