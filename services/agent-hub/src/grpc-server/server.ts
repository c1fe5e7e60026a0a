import { experimental, Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { type CertificateFolder, GrpcCertificates } from '@webxterm/shared';

/**
 * Largest gRPC message in bytes, in both directions. A frame carries at most 64 KiB, and a session list is far smaller than this. A
 * larger message fails with RESOURCE_EXHAUSTED on its own stream only.
 */
export const maxMessage = 1024 * 1024;

/** A gRPC server with a limit on messages. The port that it listens on has all other limits. */
export const createGrpcServer = (options: ServerOptions = {}): Server =>
  new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.enable_channelz': 0,
    ...options,
  });

export interface Tls {
  readonly certificates: CertificateFolder;
  /** Require client certificates of the same CA. */
  readonly clientCertificates: boolean;
}

/** Without `tls` the port is not encrypted, which is allowed on loopback only. */
export const credentialsFor = (tls: Tls | undefined): ServerCredentials => {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = new GrpcCertificates(tls.certificates);
  return experimental.createCertificateProviderServerCredentials(
    provider,
    tls.clientCertificates ? provider : null,
    tls.clientCertificates,
  );
};
