import { experimental, Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import { type CertificateFolder, GrpcCertificates, type ListenAt, portProblem } from '@webxterm/shared';
import { openHttp2Windows } from './http2-windows.ts';

/**
 * The largest gRPC message either way: a frame carries at most 64 KiB, a list of sessions stays far below this. A peer that
 * sends more gets RESOURCE_EXHAUSTED on that stream alone.
 */
export const maxMessage = 1024 * 1024;

/** A server with open receive windows, bounded messages and room for many attachments on one connection. */
export const createGrpcServer = (options: ServerOptions = {}): Server => {
  openHttp2Windows();
  return new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.max_concurrent_streams': 4096,
    'grpc.enable_channelz': 0,
    ...options,
  });
};

export interface Tls {
  readonly certificates: CertificateFolder;
  /** Only those get in who show a certificate of the same CA. */
  readonly clientCertificates: boolean;
}

const credentialsFor = (tls: Tls | undefined): ServerCredentials => {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = new GrpcCertificates(tls.certificates);
  return experimental.createCertificateProviderServerCredentials(
    provider,
    tls.clientCertificates ? provider : null,
    tls.clientCertificates,
  );
};

/**
 * Listens; without `tls` in the clear, which is for loopback alone.
 * @returns the port, which differs from the one asked for when that was 0
 * @throws ConfigError that names the setting when the port cannot be had
 */
export const listenGrpc = (server: Server, at: ListenAt, tls?: Tls): Promise<number> =>
  new Promise((resolve, reject) => {
    const address = `${at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}`;
    server.bindAsync(address, credentialsFor(tls), (error, bound) => {
      if (error) reject(portProblem(new Error(`gRPC cannot listen on ${address}: ${error.message}`), at));
      else resolve(bound);
    });
  });

/** Lets calls end by themselves for at most `deadlineMs`, then cuts what is left. */
export const closeGrpc = (server: Server, deadlineMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, deadlineMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
