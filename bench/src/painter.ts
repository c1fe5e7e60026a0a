/** How output gets on a viewer's screen: calls `painted` when it is there, in the order in which it came. */
export type Painter = (bytes: Uint8Array, painted: () => void) => void;

/** A screen that is never behind. */
export const paintAtOnce: Painter = (_bytes, painted) => painted();

/** A screen that draws `bytesPerSecond` and no more; what comes faster waits. */
export const paintAt = (bytesPerSecond: number): Painter => {
  const queue: { readonly doneAt: number; readonly painted: () => void }[] = [];
  let busyUntil = 0;
  let waiting = false;
  const wait = (): void => {
    const next = queue[0];
    if (waiting || next === undefined) return;
    waiting = true;
    setTimeout(paint, Math.max(0, next.doneAt - performance.now()));
  };
  const paint = (): void => {
    waiting = false;
    const now = performance.now();
    while (queue[0] !== undefined && queue[0].doneAt <= now) queue.shift()?.painted();
    wait();
  };
  return (bytes, painted) => {
    const now = performance.now();
    busyUntil = Math.max(now, busyUntil) + (bytes.length / bytesPerSecond) * 1000;
    queue.push({ doneAt: busyUntil, painted });
    wait();
  };
};
