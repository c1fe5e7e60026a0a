/** One connection for each client: a link and its attach streams share one, two clients never do. */
export const withoutSubchannelSharing = { 'grpc.use_local_subchannel_pool': 1 } as const;
