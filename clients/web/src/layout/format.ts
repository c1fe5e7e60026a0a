const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** Relative time, such as "3 minutes ago" or "just now". Times in ms since the epoch. */
export const ago = (at: number, now: number): string => {
  const seconds = Math.round((now - at) / 1000);
  for (const [unit, size] of steps) if (seconds >= size) return relative.format(-Math.floor(seconds / size), unit);
  return 'just now';
};

/** Duration in its two largest units, such as "3 d 4 h" or "12 min". */
export const duration = (seconds: number): string => {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.max(0, Math.floor(seconds))} s`;
};

/** Formats an RFC 3339 time as local date and time. */
export const localTime = (timestamp: string): string =>
  new Date(timestamp).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes, such as "3.4 MiB". */
export const byteSize = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
};

export const gigabytes = (megabytes: number): string => `${(megabytes / 1024).toFixed(megabytes < 10_240 ? 1 : 0)} GB`;
