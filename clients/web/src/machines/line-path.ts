const width = 600;
const height = 100;

/**
 * SVG path of a line in a box of 600 by 100. Times are ms, values percent. The line is interrupted where readings are more than `gapMs`
 * apart.
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
      // A single point is drawn as its round line cap.
      return move ? `M${x} ${y}h0` : `L${x} ${y}`;
    })
    .join('');
};
