import type { TerminalSession } from '@webxterm/contracts/rest';

/** The label of a session: the user's name for it, else the title that a program set, else the running program. Undefined: none is known. */
export const sessionTitle = ({
  name,
  title,
  command,
}: Pick<TerminalSession, 'name' | 'title' | 'command'>): string | undefined => name || title || command || undefined;
