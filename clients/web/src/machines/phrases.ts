import type { Machine, Role } from '@webxterm/contracts/rest';
import { type Right, rightsOf } from '@webxterm/contracts/rights';

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

/** "Linux 6.8.0 · x64", leaving out what the agent did not say. */
export const platform = ({ os, arch, metadata }: Pick<Machine, 'os' | 'arch' | 'metadata'>): string => {
  const name = `${os.charAt(0).toUpperCase()}${os.slice(1)}`;
  // Some agents say the distribution, some the kernel's release.
  const system = /^\d/.test(metadata.os_version) ? `${name} ${metadata.os_version}` : metadata.os_version || name;
  return [system, arch].filter((part) => part !== '').join(' · ');
};

/** The caller's rights on the machine. `role`: the caller's on the installation; it counts where the answer lists no rights. */
export const rightsOn = (
  { my_rights, my_role }: Pick<Machine, 'my_rights' | 'my_role'>,
  role: Role | undefined,
): readonly Right[] => my_rights ?? rightsOf(my_role, role === 'admin');

/** Somebody else's, and granted to the caller. */
export const isShared = ({ my_role }: Pick<Machine, 'my_role'>): boolean => my_role === 'control' || my_role === 'view';

export const gigabytes = (megabytes: number): string => `${(megabytes / 1024).toFixed(megabytes < 10_240 ? 1 : 0)} GB`;
