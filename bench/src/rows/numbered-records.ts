/** Characters of one record. */
export const recordLength = 8;

/** `count` records of 8 characters, each with its own number: what is lost or comes twice shows. */
export const numberedRecords = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${String(index).padStart(recordLength - 1, '0')};`).join('');

/**
 * How what arrived differs from what was sent, in characters: what is missing of it, and what is there beyond it. A record
 * that came damaged counts on both sides.
 */
export const compareRecords = (sent: string, arrived: string): { lost: number; doubled: number } => {
  if (sent === arrived) return { lost: 0, doubled: 0 };
  const left = new Map<string, number>();
  for (let at = 0; at < sent.length; at += recordLength) left.set(sent.slice(at, at + recordLength), recordLength);
  let doubled = 0;
  for (const record of arrived.split(/(?<=;)/)) {
    if (left.get(record) === recordLength) left.set(record, 0);
    else doubled += record.length;
  }
  const lost = [...left.values()].reduce((sum, characters) => sum + characters, 0);
  // The same records in another order are neither, and wrong all the same.
  return lost + doubled === 0 ? { lost: sent.length, doubled: 0 } : { lost, doubled };
};
