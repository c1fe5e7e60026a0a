import { CertificateFolder, type Logger, measureCertificates } from '@webxterm/shared';
import type { Registry } from 'prom-client';
import type { Tls } from './grpc-server/server.ts';
import type { HubSettings } from './settings.ts';

/** The certificates of the hub's two gRPC ports; undefined for a port without TLS. */
export interface HubCertificates {
  readonly agents: Tls | undefined;
  /** This port also requires a client certificate of the terminal service. */
  readonly internal: Tls | undefined;
}

/** @throws ConfigError if a folder cannot be used */
export const openCertificates = (settings: HubSettings, metrics: Registry, logger: Logger): HubCertificates => {
  const { GRPC_TLS_DIR, INTERNAL_TLS_DIR } = settings;
  const open = (setting: string, folder: string, needsCa: boolean): Tls => ({
    certificates: new CertificateFolder({ service: 'agent-hub', setting, folder, needsCa, logger }),
    clientCertificates: needsCa,
  });
  const agents = GRPC_TLS_DIR === undefined ? undefined : open('GRPC_TLS_DIR', GRPC_TLS_DIR, false);
  const internal = INTERNAL_TLS_DIR === undefined ? undefined : open('INTERNAL_TLS_DIR', INTERNAL_TLS_DIR, true);
  measureCertificates(
    metrics,
    [agents, internal].flatMap((tls) => (tls === undefined ? [] : [tls.certificates])),
  );
  return { agents, internal };
};
