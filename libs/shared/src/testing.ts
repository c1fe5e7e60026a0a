export { fetchAsGateway, type GatewayCall } from './testing/as-gateway.ts';
export { until } from './testing/until.ts';
