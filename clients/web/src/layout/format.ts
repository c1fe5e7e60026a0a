/** The texts of the pages are English. */
const language = 'en';

/** English in the region of a browser's language: English words, with the order of a date and the clock that the user is used to. */
export const localeFor = (browserLanguage: string): string => {
  try {
    const { region } = new Intl.Locale(browserLanguage).maximize();
    return region === undefined ? language : `${language}-${region}`;
  } catch {
    // Some browsers have the name of a POSIX locale here, such as en-US@posix.
    return language;
  }
};
const locale = localeFor(navigator.language);

const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });
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

/** Duration in whole hours, or else minutes or seconds, such as "8 hours" or "90 minutes". */
export const plainDuration = (seconds: number): string => {
  const [count, unit] =
    seconds >= 3600 && seconds % 3600 === 0
      ? [seconds / 3600, 'hour']
      : seconds >= 60
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds), 'second'];
  return `${numberText(count)} ${unit}${count === 1 ? '' : 's'}`;
};

const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const timeOfDay = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const dayAndMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });

/** Formats an RFC 3339 time as local date and time. */
export const localTime = (timestamp: string): string => dateAndTime.format(new Date(timestamp));

/** A local time of day. `at`: ms since the epoch. */
export const clockTime = (at: number): string => timeOfDay.format(at);

/** A local date without the year. `at`: ms since the epoch. */
export const shortDate = (at: number): string => dayAndMonth.format(at);

/** A number with its thousands separated, such as "50,000", and at most this many decimals. */
export const numberText = (value: number, decimals = 0): string =>
  value.toLocaleString(language, { maximumFractionDigits: decimals });

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes, such as "3.4 MiB". */
export const byteSize = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
};

export const gigabytes = (megabytes: number): string => `${(megabytes / 1024).toFixed(megabytes < 10_240 ? 1 : 0)} GB`;
