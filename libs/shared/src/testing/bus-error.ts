import type { NatsConnection } from '@nats-io/transport-node';

/** The first error that the NATS server reports on this connection, as of a denied publish. Empty if the connection closes without one. */
export const firstBusError = async (bus: NatsConnection): Promise<string> => {
  for await (const status of bus.status()) if (status.type === 'error') return status.error.message;
  return '';
};
