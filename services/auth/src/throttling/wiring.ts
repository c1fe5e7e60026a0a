import type { Core } from '../core.ts';
import { Buckets } from './buckets.ts';
import { KnownDevices } from './known-devices.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

export type ThrottlingParts = ReturnType<typeof wireThrottling>;

/** The limits of sign-ins, and the devices to which they do not apply. */
export const wireThrottling = ({ connection, roots, settings }: Core) => {
  const devices = new KnownDevices(connection, roots);
  const throttle = new SignInThrottle(new Buckets(connection), devices, roots, settings.SIGNUPS_PER_ADDRESS);
  return { devices, throttle };
};
