import { alikeOnLoopback } from '@webxterm/contracts/loopback';
import { isAddress } from '@webxterm/shared';
import { allowedOrigins } from '../browser-session/allowed-origins.ts';

/** For which host passkeys of this installation are valid. */
export interface RelyingParty {
  /** RP id: a host name. Passkeys of one id are useless under another one. */
  readonly id: string;
  /** The origins at which passkeys are accepted. */
  readonly origins: string[];
}

/**
 * The relying party of the public address. An IP address is no RP id (WebAuthn 3, 5.1.2), except that on loopback `localhost` names the same
 * place. Undefined: there can be no passkeys.
 */
export const relyingParty = (publicUrl: string, extra: readonly string[]): RelyingParty | undefined => {
  const hosts = alikeOnLoopback(new URL(publicUrl)).map(({ hostname }) => hostname);
  const id = hosts.find((host) => !isAddress(host.replace(/^\[(.*)\]$/, '$1')));
  if (id === undefined) return undefined;
  const origins = [...allowedOrigins(publicUrl, extra)].filter((origin) => {
    const { hostname } = new URL(origin);
    return hostname === id || hostname.endsWith(`.${id}`);
  });
  return { id, origins };
};
