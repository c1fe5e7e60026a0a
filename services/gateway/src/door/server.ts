import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { CertificateFolder, Certificates } from '@webxterm/shared';
import { serverLimits } from './limits.ts';

/** ms for a TLS hand-shake, as for a request's headers. */
const handshakeTimeout = 5_000;

const context = ({ certificate, privateKey }: Certificates) => ({ cert: certificate, key: privateKey });

/** The server of the door, without listeners. With certificates it speaks TLS, and takes renewed ones as they come. */
export const openServer = (certificates: CertificateFolder | undefined): Server | TlsServer => {
  if (certificates === undefined) return createServer(serverLimits);
  const server = createTlsServer({
    ...serverLimits,
    ...context(certificates.current),
    handshakeTimeout,
    minVersion: 'TLSv1.2',
    // Upgrades need HTTP/1.1.
    ALPNProtocols: ['http/1.1'],
  });
  certificates.onChange((renewed) => server.setSecureContext({ ...context(renewed), minVersion: 'TLSv1.2' }));
  return server;
};
