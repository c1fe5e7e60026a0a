import {
  allowListSettings,
  busSettings,
  mongoSettings,
  origin,
  readConfig,
  secretKey,
  secretText,
  serviceSettings,
  tokenSettings,
} from '@webxterm/shared';
import { z } from 'zod';

const shape = {
  ...serviceSettings,
  ...mongoSettings,
  ...busSettings,
  ...tokenSettings,
  ...allowListSettings,
  /** Signs tickets. */
  TICKET_KEY: secretKey,
  /** Signs resume passes; the hubs verify them. */
  PASS_KEY: secretKey,
  /** Presented to the hubs' internal port. */
  HUB_TOKEN: secretText,
  PUBLIC_URL: origin,
  /** Terminals that one user may have open, at all instances together. */
  TERMINALS_PER_USER: z.coerce.number().int().min(1).max(1_000_000).default(64),
  /** MiB that may wait at this instance for clients of one user who do not take them. */
  STALLED_MIB_PER_USER: z.coerce.number().int().min(8).max(65_536).default(64),
  /** Folder with tls.crt, tls.key and ca.crt: this service's identity for the hubs, and the CA of theirs. */
  INTERNAL_TLS_DIR: z.string().optional(),
};

export const readTerminalSettings = (environment?: Record<string, string | undefined>) =>
  readConfig('terminal', shape, environment);
export type TerminalSettings = ReturnType<typeof readTerminalSettings>;
