import type { ServerResponse } from 'node:http';
import { browserSession } from '@webxterm/contracts/rest';
import { parse, serialize } from 'cookie';

/** The name of the cookie of the browser's sign-in. Cookies ignore ports, so the name contains the installation. */
export const cookieName = (installationId: string): string => `wxt_${installationId}`;

/** The name of the cookie that identifies the device when it signs in again. */
export const deviceCookieName = (installationId: string): string => `wxt_device_${installationId}`;

export const readCookie = (header: string | undefined, name: string): string | undefined => parse(header ?? '')[name];

/** `path`: the only route that reads the cookie. */
export const setCookie = (
  response: ServerResponse,
  name: string,
  value: string,
  { path, secure, expires }: { path: string; secure: boolean; expires: Date },
): void => {
  response.appendHeader(
    'set-cookie',
    serialize(name, value, { path, httpOnly: true, sameSite: 'strict', secure, expires }),
  );
};

export const forgetCookie = (response: ServerResponse, name: string): void => {
  response.appendHeader(
    'set-cookie',
    serialize(name, '', { path: browserSession.path, httpOnly: true, sameSite: 'strict', maxAge: 0 }),
  );
};
