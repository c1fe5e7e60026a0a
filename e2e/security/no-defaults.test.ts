import { ConfigError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { readHubSettings } from '../../services/agent-hub/src/settings.ts';
import { readAuthSettings } from '../../services/auth/src/settings.ts';
import { readTerminalSettings } from '../../services/terminal/src/settings.ts';

const missingIn = (read: (environment: Record<string, string>) => unknown): string[] => {
  try {
    read({});
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.split(':')[0] ?? '');
    throw error;
  }
  return [];
};

describe('a secret', () => {
  it.each([
    ['auth', readAuthSettings, ['ROOT_KEY', 'JWT_KEYS', 'GATEWAY_KEY', 'MONGO_URL', 'NATS_PASSWORD']],
    ['agent-hub', readHubSettings, ['JWT_KEYS', 'GATEWAY_KEY', 'HUB_TOKEN', 'PASS_KEY', 'LINK_KEY', 'NATS_PASSWORD']],
    [
      'terminal',
      readTerminalSettings,
      ['JWT_KEYS', 'GATEWAY_KEY', 'HUB_TOKEN', 'PASS_KEY', 'TICKET_KEY', 'NATS_PASSWORD'],
    ],
  ] as const)('of %s has no default: without it the service does not start, and names it', (_name, read, secrets) => {
    expect(missingIn(read)).toEqual(expect.arrayContaining([...secrets]));
  });
});
