import type { WellKnown } from '@webxterm/contracts/rest';

/** The body of `/.well-known/…`: what agents and clients read before they sign in (the version and the addresses of the hubs). */
export const wellKnownAnswer = (options: {
  version: string;
  installationId: string;
  grpcAddresses: readonly string[];
  grpcTls: boolean;
  grpcCa: string | undefined;
  signup: 'open' | 'closed';
}): WellKnown => ({
  name: 'WebXTerm',
  version: options.version,
  installation_id: options.installationId,
  grpc: {
    addresses: [...options.grpcAddresses],
    tls: options.grpcTls,
    ...(options.grpcCa === undefined ? {} : { ca: options.grpcCa }),
  },
  signup: options.signup,
});
