import { join } from 'node:path';
import { asksForVerifyHelp, verifyUsage } from '../../services/auth/src/audit/verify-command-line.ts';
import { runAuthProgram } from './auth-program.ts';
import { readState } from './data-dir/state.ts';

// `npm run audit:verify`: is the audit log whole? 0 it is, 1 it is not, 2 that could not be found out.
runAuthProgram(
  'audit/verify-main.ts',
  { usage: verifyUsage, asksForHelp: asksForVerifyHelp },
  ({ dataDir, natsUrl }) => ({
    NATS_URL: natsUrl ?? `127.0.0.1:${readState(dataDir).natsPort ?? 4222}`,
    NATS_USER: 'auth',
    NATS_PASSWORD_FILE: join(dataDir, 'secrets', 'nats-auth'),
  }),
  2,
);
