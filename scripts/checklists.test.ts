import { busPermissions } from '@webxterm/contracts/bus';
import { describe, expect, it } from 'vitest';
import {
  checkAgentMessages,
  checkAuthEvents,
  checkCollections,
  checkFrames,
  checkKinds,
  checkRoutes,
  checkSettings,
  checkSubjects,
} from './checklists.ts';
import { read } from './markdown-links.ts';

describe('the lists of CONTRIBUTING.md, "How to add"', () => {
  it.each([
    ['REST route', checkRoutes, 50],
    ['frame', checkFrames, 23],
    ['kind of session', checkKinds, 1],
    ['subject of the bus', checkSubjects, 9],
    ['event of auth', checkAuthEvents, 2],
    ['message of the agent', checkAgentMessages, 17],
    ['required setting', checkSettings, 40],
    ['collection', checkCollections, 22],
  ] as const)('every %s has the artefact of each step', (_kind, check, atLeast) => {
    const { count, missing } = check();
    expect(missing).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(atLeast);
  });

  it.each([
    [checkRoutes, 'services/agent-hub/src/machines/http.ts', /\blistMachines\b/g, 'route listMachines: no handler in'],
    [checkRoutes, 'e2e/security/rules/agent-hub.ts', /\blistMachines\b/g, 'route listMachines: no rule in'],
    [checkFrames, 'docs/protocol.md', /^\| `4e` .*$/m, 'frame snapshot: no row `4e`'],
    [checkFrames, 'docs/protocol.md', /^06 .*$/m, 'frame visible: no bytes in'],
    [checkFrames, 'libs/contracts/src/frames/up-codec.ts', /frameType\.limit/g, 'frame limit: not encoded and decoded'],
    [
      checkFrames,
      'clients/agent/src/attachment/attachment.ts',
      /case 'limit'/,
      'frame limit: not handled in clients/agent',
    ],
    [
      checkFrames,
      'libs/terminal-client/src/terminal-client.ts',
      /frame\.type === 'gap'/,
      'frame gap: not handled in libs/terminal-client',
    ],
    [
      checkAuthEvents,
      'services/agent-hub/src/agent-links/revoked-keys.ts',
      /'auth\.apikey\.rotated'/,
      'event auth.apikey.rotated: no service reads it',
    ],
    [
      checkAuthEvents,
      'services/auth/src/api-keys/api-keys.ts',
      /'auth\.apikey\.rotated'/,
      'event auth.apikey.rotated: not published in services/auth',
    ],
    [checkKinds, 'clients/agent/src/shell/pty-kind.ts', /name: 'pty'/, 'kind pty: no SessionKind in clients/agent'],
    [checkKinds, 'docs/protocol.md', /^\| `pty` \| `open` .*$/m, 'kind pty: no row with the rights `open`'],
    [
      checkAgentMessages,
      'clients/agent/src/link/link.ts',
      /'resizeSession'/g,
      'message resize_session: not in clients/agent',
    ],
    [
      checkSettings,
      'docker-compose.yml',
      /^ +LINK_KEY_FILE: .*$/m,
      'setting LINK_KEY of agent-hub: not given in docker-compose.yml',
    ],
    [checkCollections, 'CONTRIBUTING.md', /^\| `avatars` .*$/m, 'collection avatars of auth: not in'],
    [
      checkCollections,
      'services/auth/src/setup-links/setup-link-store.ts',
      /'links'/,
      'collection links of auth: in CONTRIBUTING.md only',
    ],
  ] as const)('%o names what %s lacks', (check, file, artefact, message) => {
    expect(read(file)).toMatch(artefact);
    const { missing } = check((path) => (path === file ? read(path).replace(artefact, '') : read(path)));
    expect(missing.join('\n')).toContain(message);
  });

  it.each([
    ['publish', 'machines.authorize'],
    ['subscribe', 'machines.authorize'],
    ['publish', '_REPLY.machines.authorize.>'],
    ['subscribe', 'machines.*.sessions'],
  ] as const)('a right to %s %s that is missing is named', (right, subject) => {
    const permissions = Object.fromEntries(
      Object.entries(busPermissions).map(([user, rights]) => [
        user,
        { ...rights, [right]: rights[right].filter((pattern) => pattern !== subject) },
      ]),
    );
    const { missing } = checkSubjects(read, permissions);
    expect(missing).toEqual([expect.stringContaining(`subject ${subject}: nobody may ${right}`)]);
  });
});
