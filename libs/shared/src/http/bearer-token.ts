/** The token of `Authorization: Bearer …`, undefined if there is none. One or more spaces precede it (RFC 9110, 11.4). */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
