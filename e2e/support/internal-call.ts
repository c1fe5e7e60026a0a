import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { certificateName, HubServiceService, metadataKey } from '@webxterm/contracts/grpc';
import type { SharedStack } from './shared-stack.ts';

export interface InternalCaller {
  readonly token: string;
  /** Folder of the stack's certificates to show; undefined: none. */
  readonly identity: string | undefined;
}

const credentialsOf = (stack: SharedStack, { identity }: InternalCaller): ChannelCredentials => {
  if (stack.ca === undefined) return credentials.createInsecure();
  const read = (name: string): Buffer => readFileSync(join(stack.dataDir, 'tls', identity ?? '', name));
  const pair = identity === undefined ? [null, null] : [read('tls.key'), read('tls.crt')];
  return credentials.createSsl(Buffer.from(stack.ca), pair[0] ?? null, pair[1] ?? null);
};

/** Asks the hub's internal port to resize nobody's session; what it answers: `OK`, or `CODE: details`. */
export const callInternalPort = (stack: SharedStack, port: number, caller: InternalCaller): Promise<string> => {
  const client = new Client(`127.0.0.1:${port}`, credentialsOf(stack, caller), {
    'grpc.ssl_target_name_override': certificateName.hub,
    'grpc.use_local_subchannel_pool': 1,
  });
  const metadata = new Metadata();
  metadata.set(metadataKey.hubToken, caller.token);
  const { path, requestSerialize, responseDeserialize } = HubServiceService.resizeSession;
  const request = {
    requestId: 'test',
    sid: 'nobody',
    agentId: 'ag_nobody',
    sessionId: Buffer.alloc(16),
    viewerId: Buffer.alloc(16),
    cols: 80,
    rows: 24,
  };
  return new Promise((resolve) => {
    const answered = (error: ServiceError | null): void => {
      client.close();
      resolve(error === null ? 'OK' : `${status[error.code]}: ${error.details}`);
    };
    const deadline = Date.now() + 5000;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, { deadline }, answered);
  });
};
