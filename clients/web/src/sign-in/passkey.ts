import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import type { beginPasskey, NewCredential, PasskeyRequest, UsedCredential } from '@webxterm/contracts/rest';
import type { z } from 'zod';

type CreationOptions = z.output<typeof beginPasskey.success.schema>['options'];

/** The browser did not use or make a passkey. The message is for the user. */
export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';
}

/** Whether passkeys of this host can be used on a page of `hostname`. */
export const isPasskeyHost = (host: string | null | undefined, hostname: string): boolean =>
  host != null && (hostname === host || hostname.endsWith(`.${host}`));

/** Whether this page can use passkeys of this host. */
export const passkeysHere = (host: string | null | undefined): boolean =>
  typeof window.PublicKeyCredential === 'function' && isPasskeyHost(host, window.location.hostname);

/** Why this page cannot use passkeys, as a sentence. Undefined: it can. */
export const whyNoPasskeys = (host: string | null, hostname: string, supported: boolean): string | undefined => {
  if (host === null) return 'Passkeys need a host name, and the public address of this installation is an IP address.';
  if (!isPasskeyHost(host, hostname))
    return `Passkeys belong to ${host}. Open WebXTerm at that name to add or use one.`;
  return supported ? undefined : 'This browser has no passkeys here. They need HTTPS.';
};

/** Asks the browser for a passkey. @throws PasskeyError */
export const usePasskeyOf = async (options: PasskeyRequest): Promise<UsedCredential> => {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  // The server sends what WebAuthn defines. The types of the library name the values of some texts.
  const optionsJSON = options as PublicKeyCredentialRequestOptionsJSON;
  const { id, rawId, response } = await startAuthentication({ optionsJSON }).catch(explain);
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return {
    id,
    rawId,
    type: 'public-key',
    response: { clientDataJSON, authenticatorData, signature, ...(userHandle ? { userHandle } : {}) },
  };
};

/** Makes a passkey. @throws PasskeyError */
export const makePasskey = async (options: CreationOptions): Promise<NewCredential> => {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const optionsJSON = options as PublicKeyCredentialCreationOptionsJSON;
  const { id, rawId, response } = await startRegistration({ optionsJSON }).catch(explain);
  const { clientDataJSON, attestationObject, transports = [] } = response;
  return {
    id,
    rawId,
    type: 'public-key',
    response: { clientDataJSON, attestationObject, transports: [...transports] },
  };
};

const explain = (error: unknown): never => {
  const name = error instanceof Error ? error.name : '';
  if (name === 'InvalidStateError')
    throw new PasskeyError('This device or key has a passkey of your account already.', { cause: error });
  if (name === 'NotAllowedError' || name === 'AbortError')
    throw new PasskeyError('No passkey was used: it was cancelled, or it took too long. Try again.', { cause: error });
  throw new PasskeyError(error instanceof Error ? error.message : 'The browser could not use a passkey.', {
    cause: error,
  });
};
