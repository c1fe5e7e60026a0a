import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { CertificateFolder, Certificates } from '@webxterm/shared';
import { serverLimits } from './limits.ts';

/** Time limit of a TLS handshake in ms, the same as for the request headers. */
const handshakeTimeout = 5_000;

const context = ({ certificate, privateKey }: Certificates) => ({ cert: certificate, key: privateKey });

/** Creates the public server without listeners. With certificates it uses TLS and switches to renewed ones without a restart. */
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
