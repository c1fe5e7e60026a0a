const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** "3 minutes ago", "just now". Times in ms since the epoch. */
export const ago = (at: number, now: number): string => {
  const seconds = Math.round((now - at) / 1000);
  for (const [unit, size] of steps) if (seconds >= size) return relative.format(-Math.floor(seconds / size), unit);
  return 'just now';
};

/** "3 d 4 h", "12 min": the two largest units, for uptimes. */
export const duration = (seconds: number): string => {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.max(0, Math.floor(seconds))} s`;
};

/** Local date and time of an RFC 3339 time. */
export const localTime = (timestamp: string): string =>
  new Date(timestamp).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const gigabytes = (megabytes: number): string => `${(megabytes / 1024).toFixed(megabytes < 10_240 ? 1 : 0)} GB`;
