export { fetchAsGateway, type GatewayCall } from './as-gateway.ts';
export { firstBusError } from './bus-error.ts';
export { inTime } from './in-time.ts';
export { until } from './until.ts';
