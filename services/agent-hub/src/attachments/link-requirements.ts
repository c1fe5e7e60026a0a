import { type AttachOpen, Recording, Role } from '@webxterm/contracts/grpc';
import type { KindRights } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { Link } from '../agent-links/link.ts';

/** @throws AppError kind_not_supported, with the kinds that the agent has */
export const requireKind = (
  { capabilities }: Pick<Link, 'capabilities'>,
  { kind }: Pick<AttachOpen, 'kind'>,
  kinds: KindRights,
): void => {
  if (capabilities.includes(kind)) return;
  const has = [...kinds.keys()].filter((name) => capabilities.includes(name)).join(', ');
  throw new AppError(
    'kind_not_supported',
    `The agent of this machine has no sessions of kind ${kind}, only of: ${has}. Update the agent.`,
  );
};

/**
 * An agent that cannot record gets no session that must be recorded, and no recorder.
 * @throws AppError recording_unavailable
 */
export const requireRecording = (
  { capabilities }: Pick<Link, 'capabilities'>,
  { role, recording, create }: Pick<AttachOpen, 'role' | 'recording' | 'create'>,
): void => {
  const needed = role === Role.ROLE_RECORD || (create && recording === Recording.RECORDING_REQUIRED);
  if (!needed || capabilities.includes('record')) return;
  throw new AppError(
    'recording_unavailable',
    'Terminals on this machine must be recorded, and its agent is too old for that. Update the agent.',
  );
};
