import { join } from 'node:path';
import { requestsVerifyHelp, verifyUsage } from '../../services/auth/src/audit/verify-command-line.ts';
import { runAuthProgram } from './auth-program.ts';
import { readState } from './data-dir/state.ts';

// `npm run audit:verify`: checks the integrity of the audit log. Exit code 0: intact, 1: not intact, 2: the check failed.
runAuthProgram(
  'audit/verify-main.ts',
  { usage: verifyUsage, requestsHelp: requestsVerifyHelp },
  ({ dataDir, natsUrl }) => ({
    NATS_URL: natsUrl ?? `127.0.0.1:${readState(dataDir).natsPort ?? 4222}`,
    NATS_USER: 'auth',
    NATS_PASSWORD_FILE: join(dataDir, 'secrets', 'nats-auth'),
  }),
  2,
);
