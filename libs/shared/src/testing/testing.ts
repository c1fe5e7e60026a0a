export { setTracer } from '../tracing/trace.ts';
export { fetchAsGateway, type GatewayCall } from './as-gateway.ts';
export { firstBusError } from './bus-error.ts';
export { inTime } from './in-time.ts';
export { OtlpCollector, type ReceivedSpan } from './otlp-collector.ts';
export { until } from './until.ts';
