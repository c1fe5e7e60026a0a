/** A prime. No chunk, frame or window size is a multiple of it, so a misplaced byte is detected. */
const period = 65_521;

const once = Uint8Array.from(
  { length: period },
  (_, index) => (index * 167 + (index >>> 8) * 59 + (index >>> 3)) & 0xff,
);
const repeated = new Uint8Array(period * 3);
for (let at = 0; at < repeated.length; at += period) repeated.set(once, at);

/** Bytes whose values depend on their absolute offset `from`. At most 128 KiB per call. */
export const patternAt = (from: number, length: number): Uint8Array => {
  const start = from % period;
  return repeated.subarray(start, start + length);
};

export const isPatternAt = (from: number, bytes: Uint8Array): boolean => {
  const start = from % period;
  for (let index = 0; index < bytes.length; index += 1) if (repeated[start + index] !== bytes[index]) return false;
  return true;
};
