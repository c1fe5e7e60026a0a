import { experimental, Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { type CertificateFolder, GrpcCertificates } from '@webxterm/shared';

/**
 * The largest gRPC message either way: a frame carries at most 64 KiB, a list of sessions stays far below this. A peer that
 * sends more gets RESOURCE_EXHAUSTED on that stream alone.
 */
export const maxMessage = 1024 * 1024;

/** A server with bounded messages; the port that it listens on bounds the rest. */
export const createGrpcServer = (options: ServerOptions = {}): Server =>
  new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.enable_channelz': 0,
    ...options,
  });

export interface Tls {
  readonly certificates: CertificateFolder;
  /** Only those get in who show a certificate of the same CA. */
  readonly clientCertificates: boolean;
}

/** Without `tls` a port is in the clear, which is for loopback alone. */
export const credentialsFor = (tls: Tls | undefined): ServerCredentials => {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = new GrpcCertificates(tls.certificates);
  return experimental.createCertificateProviderServerCredentials(
    provider,
    tls.clientCertificates ? provider : null,
    tls.clientCertificates,
  );
};
