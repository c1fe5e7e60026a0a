/** One connection per client. A link shares its connection with its own attach streams only. */
export const withoutSubchannelSharing = { 'grpc.use_local_subchannel_pool': 1 } as const;
