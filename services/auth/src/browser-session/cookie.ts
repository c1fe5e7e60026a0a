import type { ServerResponse } from 'node:http';
import { browserSession } from '@webxterm/contracts/rest';
import { parse, serialize } from 'cookie';

/** Only this route ever reads it. */
const path = browserSession.path;

export const cookieName = (installationId: string): string => `wxt_${installationId}`;

export const readCookie = (header: string | undefined, name: string): string | undefined => parse(header ?? '')[name];

export const setCookie = (
  response: ServerResponse,
  name: string,
  value: string,
  options: { secure: boolean; expires: Date },
): void => {
  response.appendHeader(
    'set-cookie',
    serialize(name, value, {
      path,
      httpOnly: true,
      sameSite: 'strict',
      secure: options.secure,
      expires: options.expires,
    }),
  );
};

export const forgetCookie = (response: ServerResponse, name: string): void => {
  response.appendHeader('set-cookie', serialize(name, '', { path, httpOnly: true, sameSite: 'strict', maxAge: 0 }));
};
