import { defaultKind } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { SessionRecord } from './record.ts';

export const kindOf = ({ kind = defaultKind }: Pick<SessionRecord, 'kind'>): string => kind;

/** @throws AppError invalid_input if the request names another Linux user than the session has */
export const requireLinuxUser = (
  { linux_user }: Pick<SessionRecord, 'linux_user'>,
  requested: string | undefined,
): void => {
  if (requested !== undefined && linux_user !== undefined && requested !== linux_user)
    throw new AppError('invalid_input', `This session runs as ${linux_user}, not as ${requested}.`);
};

/** The kind of an existing session. @throws AppError invalid_input if the request names another one */
export const requireKind = (record: Pick<SessionRecord, 'kind'>, requested: string | undefined): string => {
  const kind = kindOf(record);
  if (requested !== undefined && requested !== kind)
    throw new AppError('invalid_input', `This session is of kind ${kind}, not ${requested}.`);
  return kind;
};
