import { machineRules } from './agent-hub.ts';
import { auditRules } from './audit.ts';
import { authRules } from './auth.ts';
import { fileRules } from './files.ts';
import { recordingRules } from './recordings.ts';
import { anyone, type Rule } from './rule.ts';
import { runRules } from './runs.ts';
import { shareRules } from './shares.ts';
import { terminalRules } from './terminal.ts';

/** By route id. Every route has a rule, or the tests fail: route-rules.test.ts. */
export const allRules: Readonly<Record<string, readonly Rule[]>> = {
  ...authRules,
  ...auditRules,
  ...machineRules,
  ...runRules,
  ...terminalRules,
  ...shareRules,
  ...recordingRules,
  ...fileRules,
  health: [anyone(200)],
  openapi: [anyone(200)],
  apiDocs: [anyone(200)],
  wellKnown: [anyone(200)],
};
