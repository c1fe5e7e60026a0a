import {
  allowListSettings,
  busSettings,
  keyLines,
  mongoSettings,
  origin,
  readConfig,
  secretKey,
  secretText,
  serviceSettings,
  tokenSettings,
} from '@webxterm/shared';
import { z } from 'zod';

export const terminalShape = {
  ...serviceSettings,
  ...mongoSettings,
  ...busSettings,
  ...tokenSettings,
  ...allowListSettings,
  TICKET_KEY: secretKey.describe('The key that signs tickets.'),
  PASS_KEY: secretKey.describe('The key of resume passes: terminal signs them, the hubs verify them.'),
  RECORDING_KEYS: keyLines.meta({
    description:
      'The keys that encrypt the keys of recordings; the first encrypts, all decrypt. Set-up derives one from each line of `ROOT_KEY`.',
    allowed: 'lines of 32 bytes, base64url',
  }),
  HUB_TOKEN: secretText.describe('The secret that terminal presents at the internal port of the hubs.'),
  PUBLIC_URL: origin.describe('The address that people open.'),
  TERMINALS_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(64)
    .describe('Terminals that one user may have open, at all instances together.'),
  FORWARDS_PER_USER: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .describe('Forwarded TCP connections that one user may have open at one instance.'),
  STALLED_MIB_PER_USER: z.coerce
    .number()
    .int()
    .min(8)
    .max(65_536)
    .default(64)
    .describe('MiB of output that may wait at one instance for clients of one user that do not read it.'),
  FILE_MAX_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .max(16_777_216)
    .default(20_480)
    .describe('The largest file, in MiB, that can be uploaded to a machine.'),
  INTERNAL_TLS_DIR: z.string().optional().meta({
    description:
      'A folder with `tls.crt`, `tls.key` and `ca.crt`: the identity between hubs and terminal, and the CA of the other side.',
    allowed: 'a folder',
  }),
};

export const readTerminalSettings = (environment?: Record<string, string | undefined>) =>
  readConfig('terminal', terminalShape, environment);
export type TerminalSettings = ReturnType<typeof readTerminalSettings>;
