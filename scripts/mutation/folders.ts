import { UsageError } from '@webxterm/shared/command-line';

/** A folder whose checks are mutated, with the tests that must notice it. */
export interface MutatedFolder {
  /** Files that decide what is let in, kept or dropped. Files that only connect parts are left out. Paths and globs from the root. */
  readonly mutate: readonly string[];
  /** Test files. A test that starts services as programs notices nothing, because the mutant is active in its own process only. */
  readonly tests: readonly string[];
  /** The command fails if fewer mutants are noticed. Percent. 0: not run yet. */
  readonly floor: number;
  /** Its tests start servers, so that each mutant takes seconds. */
  readonly startsServers?: true;
  /** `.ci/run` mutates it too, in a minute or so for all of them. */
  readonly fast?: true;
}

/** The argument of `npm run mutation --`, and its folder. */
export const mutatedFolders: Readonly<Record<string, MutatedFolder>> = {
  stream: {
    mutate: ['libs/stream/src/**/*.ts', '!libs/stream/src/testing/**', '!libs/stream/src/index.ts'],
    // The interleavings take seconds for each of hundreds of mutants, and hide what the test of a rule misses.
    tests: ['libs/stream/src/**/!(interleavings).test.ts'],
    floor: 79,
  },
  'gateway/request-checks': {
    mutate: ['services/gateway/src/request-checks/*.ts'],
    tests: ['services/gateway/src/request-checks/*.test.ts'],
    floor: 73,
  },
  'shared/tokens': {
    mutate: ['libs/shared/src/tokens/*.ts'],
    tests: ['libs/shared/src/tokens/*.test.ts'],
    floor: 88,
    fast: true,
  },
  'shared/gateway-proof': {
    mutate: ['libs/shared/src/http/gateway-*.ts'],
    tests: ['libs/shared/src/http/{gateway-proof,api}.test.ts'],
    floor: 88,
    fast: true,
  },
  'shared/signins': {
    mutate: ['libs/shared/src/signins/*.ts'],
    tests: ['libs/shared/src/signins/*.test.ts', 'services/auth/src/allow-list/clocks.integration.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'shared/bus': {
    mutate: ['libs/shared/src/bus/{signed-message,message-reader,message-keys,watch-retry,refusals}.ts'],
    tests: ['libs/shared/src/bus/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'shared/audit': {
    mutate: ['libs/shared/src/audit/*.ts'],
    tests: ['libs/shared/src/audit/*.test.ts'],
    floor: 0,
  },
  'auth/signins': {
    mutate: ['services/auth/src/signins/{token-life,caller-check,signins,last-seen}.ts'],
    tests: ['services/auth/src/signins/*.test.ts', 'services/auth/src/checked-then-done.integration.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'auth/allow-list': {
    mutate: ['services/auth/src/allow-list/*.ts'],
    tests: ['services/auth/src/allow-list/*.test.ts', 'services/auth/src/outbox/outages.integration.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'shared/places': {
    mutate: ['libs/shared/src/places.ts'],
    tests: ['libs/shared/src/places.test.ts'],
    floor: 93,
    fast: true,
  },
  'auth/setup-links': {
    mutate: ['services/auth/src/setup-links/setup-link*.ts'],
    tests: ['services/auth/src/setup-links/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'auth/throttling': {
    mutate: ['services/auth/src/throttling/{buckets,back-off,sign-in-throttle,known-devices}.ts'],
    tests: ['services/auth/src/throttling/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'auth/api-keys': {
    mutate: ['services/auth/src/api-keys/api-key*.ts'],
    tests: ['services/auth/src/api-keys/*.test.ts', 'services/auth/src/accounts/own-account.integration.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'hub/attachments': {
    mutate: [
      'services/agent-hub/src/attachments/{attach-call,attach-right,attachment-table,link-requirements,open-request,rendezvous,revocation,caller}.ts',
    ],
    tests: ['services/agent-hub/src/attachments/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'hub/access': {
    mutate: ['services/agent-hub/src/access/*.ts', '!services/agent-hub/src/access/{http,wiring}.ts'],
    tests: ['services/agent-hub/src/access/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'hub/agent-links': {
    mutate: [
      'services/agent-hub/src/agent-links/{agent-claims,fencing,greeting,hello-signature,link,link-pass,link-table,machine-credential,refusal,registrar,revoked-keys}.ts',
    ],
    tests: ['services/agent-hub/src/agent-links/*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'hub/presence': {
    mutate: ['services/agent-hub/src/presence/{entries,held-elsewhere,lease,online,presence}.ts'],
    tests: ['services/agent-hub/src/presence/*.test.ts'],
    floor: 90,
    startsServers: true,
  },
  'terminal/tickets': {
    mutate: ['services/terminal/src/tickets/{admission,resume-pass,take-slot,ticket}.ts'],
    tests: ['services/terminal/src/tickets/{admission,take-slot,ticket}.test.ts'],
    floor: 95,
    fast: true,
  },
  'terminal/redemption': {
    mutate: ['services/terminal/src/tickets/redemption.ts'],
    tests: ['services/terminal/src/tickets/redemption*.test.ts'],
    floor: 0,
    startsServers: true,
  },
  'terminal/websocket': {
    mutate: ['services/terminal/src/websocket/{close-codes,json-messages,upgrade-request,viewer-request}.ts'],
    tests: ['services/terminal/src/websocket/{close-codes,json-messages,upgrade-request}.test.ts'],
    floor: 0,
  },
  'agent/session': {
    mutate: ['clients/agent/src/session/*.ts'],
    tests: ['clients/agent/src/session/*.test.ts'],
    floor: 0,
  },
  'agent/link': {
    mutate: ['clients/agent/src/link/{addresses,back-off,clock,liveness,pin,refusal,trusted-cas,channel-binding}.ts'],
    tests: ['clients/agent/src/link/{addresses,back-off,clock,liveness,pin,refusal}.test.ts'],
    floor: 0,
  },
  'agent/shell': {
    mutate: ['clients/agent/src/shell/{account,input-pump,linux-user,login-tools,run-as,start-program,utmp}.ts'],
    tests: ['clients/agent/src/shell/{account,input-pump,linux-user,login-tools,run-as,start-program,utmp}.test.ts'],
    floor: 0,
  },
};

/** The folders that the arguments of the command name. @throws UsageError for none and for an unknown name */
export const chosenFolders = (names: readonly string[]): [string, MutatedFolder][] => {
  const all = Object.entries(mutatedFolders);
  if (names.length === 0) throw new UsageError('A folder is missing');
  const [only] = names.length === 1 ? names : [];
  if (only === 'all') return all;
  if (only === 'fast') return all.filter(([, { fast }]) => fast);
  return names.map((name) => {
    const folder = mutatedFolders[name];
    if (folder === undefined) throw new UsageError(`Unknown folder '${name}'`);
    return [name, folder];
  });
};
