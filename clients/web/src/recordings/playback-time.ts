/** A moment of a recording as `1:02:03`, or `2:03` before the first hour. */
export const clock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (count: number): string => String(count).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

/** The moment in `#t=90` or `#t=1:30`, ms. Undefined: none. */
export const momentOf = (hash: string): number | undefined => {
  const text = /^#?t=([\d:]+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  const parts = text.split(':').map(Number);
  if (parts.length > 3 || parts.some((part) => !Number.isSafeInteger(part))) return undefined;
  return parts.reduce((sum, part) => sum * 60 + part, 0) * 1000;
};
