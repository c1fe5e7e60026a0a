import { type DestinationStream, type Logger, pino } from 'pino';
import { AppError } from '../errors.ts';
import { isMongoUnavailable } from '../mongo/mongo-errors.ts';
import { hideSecrets } from './hide-secrets.ts';

export type { Logger } from 'pino';

/** The values of these keys are hidden in logged objects, up to two levels deep. */
const secretKeys = [
  'password',
  'current_password',
  'new_password',
  'token',
  'api_key',
  'ticket',
  'pass',
  'half',
  'secret',
  'authorization',
  'cookie',
  'credential',
];

/** The names of errors of the NATS client when the server does not answer. */
const natsUnavailable = /^(Timeout|NoResponders|ClosedConnection|Connection|Request)Error$/;

/** An error in the log: without the fields that a driver attaches to it, and without a stack if a server does not answer. */
const serializeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = pino.stdSerializers.err(error);
  const code = 'code' in error ? { code: error.code } : {};
  const expected =
    isMongoUnavailable(error) ||
    natsUnavailable.test(error.name) ||
    (error instanceof AppError && error.code === 'unavailable');
  return expected ? { type, message, ...code } : { type, message, ...code, stack };
};

/** pino with common fields: JSON on stdout, `service` and `instance` on each line, secrets hidden by name and by form. */
export const createLogger = (
  options: { service: string; instance?: string | undefined; level?: string },
  destination?: DestinationStream,
): Logger => {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service, ...(options.instance === undefined ? {} : { instance: options.instance }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: serializeError },
    formatters: { level: (label: string) => ({ level: label }) },
    // Error messages and texts of others, such as the URL of a database with its password.
    hooks: { streamWrite: hideSecrets },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
};

/** A URL for the log: the path and the names of the query parameters, without their values, because they can contain tokens. */
export const loggablePath = (url: string): string => {
  const [path = '', query] = url.split('?', 2);
  if (query === undefined) return path;
  return `${path}?${query
    .split('&')
    .map((pair) => `${pair.split('=')[0]}=…`)
    .join('&')}`;
};
