/** A smaller clock difference does not explain a rejected certificate. */
const noteworthyMs = 5 * 60_000;

const units = [
  { ms: 86_400_000, name: 'day' },
  { ms: 3_600_000, name: 'hour' },
  { ms: 60_000, name: 'minute' },
] as const;

const amount = (ms: number): string => {
  const { ms: unit, name } = units.find(({ ms: size }) => ms >= size) ?? units[2];
  const count = Math.round(ms / unit);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
};

/**
 * The error of our clock according to the server's `Date`, as a sentence for the user. Undefined if it is right. Times are ms since 1970.
 */
export const wrongClock = (ours: number, servers: number): string | undefined => {
  const difference = ours - servers;
  if (Math.abs(difference) < noteworthyMs) return undefined;
  const direction = difference > 0 ? 'ahead of' : 'behind';
  return `The clock of this machine is the likely cause: it says ${new Date(ours).toISOString()}, ${amount(Math.abs(difference))} ${direction} the server's. Set the clock.`;
};

/** Whether a certificate was rejected for its dates, by the error's code or message. */
export const isAboutDates = (error: { message: string; code?: string }): boolean =>
  error.code === 'CERT_NOT_YET_VALID' ||
  error.code === 'CERT_HAS_EXPIRED' ||
  /certificate (has expired|is not yet valid)/i.test(error.message);
