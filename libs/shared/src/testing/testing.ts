export { fetchAsGateway, type GatewayCall } from './as-gateway.ts';
export { until } from './until.ts';
