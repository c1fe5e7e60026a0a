import {
  busSettings,
  mongoSettings,
  origin,
  readConfig,
  secretKey,
  secretText,
  serviceSettings,
  tokenSettings,
} from '@webxterm/shared';

const shape = {
  ...serviceSettings,
  ...mongoSettings,
  ...busSettings,
  ...tokenSettings,
  /** Signs tickets. */
  TICKET_KEY: secretKey,
  /** Signs resume passes; the hubs verify them. */
  PASS_KEY: secretKey,
  /** Presented to the hubs' internal port. */
  HUB_TOKEN: secretText,
  PUBLIC_URL: origin,
};

export const readTerminalSettings = (environment?: Record<string, string | undefined>) =>
  readConfig('terminal', shape, environment);
export type TerminalSettings = ReturnType<typeof readTerminalSettings>;
