import { expect, it } from 'vitest';
import { switchLevel } from './level-switch.ts';
import { createLogger } from './logger.ts';

it('a log level changes to debug and back, and each change is logged', () => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', level: 'warn' }, { write: (line) => void lines.push(line) });
  logger.debug('before');
  switchLevel(logger, 'warn');
  logger.debug('detail');
  switchLevel(logger, 'warn');
  logger.info('after');
  const changed = 'the log level was changed by SIGUSR2';
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([changed, 'detail', changed]);
  expect(logger.level).toBe('warn');
});

it('a service that logs in detail changes to info', () => {
  const logger = createLogger({ service: 'test', level: 'trace' }, { write: () => {} });
  switchLevel(logger, 'trace');
  expect(logger.level).toBe('info');
});
