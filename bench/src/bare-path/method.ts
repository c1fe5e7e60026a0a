import type { ServiceDefinition } from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;

const bidi = (path: string) => ({
  path,
  requestStream: true as const,
  responseStream: true as const,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

/** The bare hub: terminal attaches, the agent waits on `control` and opens `splice` when asked. Messages are plain bytes. */
export const bareHub = {
  attach: bidi('/bare.Hub/Attach'),
  control: bidi('/bare.Hub/Control'),
  splice: bidi('/bare.Hub/Splice'),
} satisfies ServiceDefinition;

/** As in the product: HTTP/2 windows that never fill before the pipe does. */
export const channelOptions = {
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  'grpc.max_receive_message_length': 1024 * 1024,
};
