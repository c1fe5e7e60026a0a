import type { WellKnown } from '@webxterm/contracts/rest';

/** What agents and clients read before they sign in: which version this is, and where the hubs are. */
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
