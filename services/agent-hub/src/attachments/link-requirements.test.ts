import { Recording, Role } from '@webxterm/contracts/grpc';
import type { KindRights } from '@webxterm/contracts/session-kinds';
import { describe, expect, it } from 'vitest';
import { requireKind, requireRecording } from './link-requirements.ts';

const kinds: KindRights = new Map([
  ['pty', ['open']],
  ['files_read', ['files_read']],
]);

describe('an agent', () => {
  it('gets sessions of the kinds that it has announced, and a refusal names these', () => {
    const link = { capabilities: ['pty', 'update'] };
    expect(() => requireKind(link, { kind: 'pty' }, kinds)).not.toThrow();
    expect(() => requireKind(link, { kind: 'files_read' }, kinds)).toThrow(
      expect.objectContaining({
        code: 'kind_not_supported',
        message: 'The agent of this machine has no sessions of kind files_read, only of: pty. Update the agent.',
      }),
    );
  });

  it.each([
    ['a recorder', { role: Role.ROLE_RECORD, recording: Recording.RECORDING_UNSPECIFIED, create: false }, true],
    [
      'a new session that must be recorded',
      { role: Role.ROLE_CONTROL, recording: Recording.RECORDING_REQUIRED, create: true },
      true,
    ],
    [
      'a new session that is recorded',
      { role: Role.ROLE_CONTROL, recording: Recording.RECORDING_ON, create: true },
      false,
    ],
    [
      'the return to a session',
      { role: Role.ROLE_CONTROL, recording: Recording.RECORDING_REQUIRED, create: false },
      false,
    ],
  ])('that cannot record: is %s refused', (_what, open, refused) => {
    const check = (capabilities: readonly string[]) => () => requireRecording({ capabilities }, open);
    expect(check(['pty', 'record'])).not.toThrow();
    if (refused) expect(check(['pty'])).toThrow(expect.objectContaining({ code: 'recording_unavailable' }));
    else expect(check(['pty'])).not.toThrow();
  });
});
