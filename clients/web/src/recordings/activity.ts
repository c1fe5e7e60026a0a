import type { RecordingChunk } from '@webxterm/contracts/rest';

/** Parts of the duration. */
const parts = 160;

/** How much was shown when, in equal parts of the duration: from 0 to 1 each, by the logarithm of the bytes. */
export const activityOf = (index: readonly Pick<RecordingChunk, 'from' | 'to' | 'ms_from' | 'ms_to'>[]): number[] => {
  const bytes = new Array<number>(parts).fill(0);
  const durationMs = Math.max(1, index.at(-1)?.ms_to ?? 0);
  const partOf = (ms: number): number => Math.min(parts - 1, Math.floor((ms / durationMs) * parts));
  for (const { from, to, ms_from, ms_to } of index) {
    const [first, last] = [partOf(ms_from), partOf(ms_to)];
    for (let part = first; part <= last; part += 1) bytes[part] = (bytes[part] ?? 0) + (to - from) / (last - first + 1);
  }
  const most = Math.log1p(Math.max(...bytes));
  return bytes.map((count) => (most === 0 ? 0 : Math.log1p(count) / most));
};
