const width = 600;
const height = 100;

/**
 * The path of a line over a box of 600 by 100. Times are ms, values percent. Where readings are further apart than `gapMs` the line
 * breaks: nothing is known in between.
 */
export const linePath = (
  points: readonly { readonly at: number; readonly value: number }[],
  { from, to, gapMs }: { readonly from: number; readonly to: number; readonly gapMs: number },
): string => {
  let before = Number.NEGATIVE_INFINITY;
  return points
    .filter(({ at }) => at >= from && at <= to)
    .map(({ at, value }) => {
      const x = (((at - from) / (to - from)) * width).toFixed(1);
      const y = (height - Math.min(100, Math.max(0, value))).toFixed(1);
      const move = at - before > gapMs;
      before = at;
      // A lone point is drawn too: its round cap.
      return move ? `M${x} ${y}h0` : `L${x} ${y}`;
    })
    .join('');
};
