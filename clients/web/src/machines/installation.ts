import { useQuery } from '@tanstack/react-query';
import { useServer } from '../api/server-context.ts';
import type { Installation } from './install-command.ts';

const whileBuildingMs = 3000;

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

const sha256 = async (content: Uint8Array<ArrayBuffer>): Promise<string> =>
  hex(await crypto.subtle.digest('SHA-256', content));

/** Fingerprint of the first certificate in a PEM text, in the format that the agent expects. */
export const fingerprintOf = async (pem: string): Promise<string> => {
  const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/.exec(pem) ?? [];
  return `sha256:${await sha256(Uint8Array.from(atob(base64.replace(/\s/g, '')), (character) => character.charCodeAt(0)))}`;
};

/**
 * `building`: the server is building its package. `none`: it has no package, or this page was loaded by plain http, which is not safe for
 * an installation.
 */
export type InstallationState =
  | { readonly kind: 'ready'; readonly installation: Installation }
  | { readonly kind: 'asking' | 'building' | 'none' };

const readScript = (script: string): string => /^default_host='([^']*)'$/m.exec(script)?.[1] ?? '';

/** Fetches the parts of the install command. Polls while the server builds its package. */
export const useInstallation = (): InstallationState => {
  const server = useServer();
  const host = window.location.origin;
  const { data } = useQuery({
    queryKey: ['installation', host],
    queryFn: async ({ signal }): Promise<InstallationState> => {
      if (!window.isSecureContext) return { kind: 'none' };
      const [script, known] = await Promise.all([server.installScript(signal), server.wellKnown(signal)]);
      if (typeof script === 'number') return { kind: script === 503 ? 'building' : 'none' };
      const caFingerprint = known.grpc.ca === undefined ? undefined : await fingerprintOf(known.grpc.ca);
      const text = new TextEncoder().encode(script);
      const installation = { host, scriptHash: await sha256(text), scriptHost: readScript(script), caFingerprint };
      return { kind: 'ready', installation };
    },
    refetchInterval: ({ state }) => (state.data?.kind === 'building' ? whileBuildingMs : false),
  });
  return data ?? { kind: 'asking' };
};
