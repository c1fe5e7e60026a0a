import { defaultCols, defaultRows } from '@webxterm/contracts/frames';
import type { Screens } from '../screen/screens.ts';
import type { HandedSession } from './handed-session.ts';
import type { BytesRequest, SessionKind, SessionProcess, WindowSize } from './session-kind.ts';
import type { SessionContent } from './session-options.ts';

/** The content of a new session. @throws Error with a message for the user if it cannot be prepared */
export const newContent = async (
  kind: SessionKind,
  { size, ...wanted }: BytesRequest & { size: WindowSize | undefined },
  screens: Screens,
): Promise<SessionContent> => {
  if (kind.output === 'bytes') return { output: 'bytes', start: await kind.prepare(wanted) };
  return {
    output: 'terminal',
    start: await kind.prepare(wanted.linuxUser),
    size: size ?? { cols: defaultCols, rows: defaultRows },
    screen: screens.open(),
  };
};

/** The process of a session that has ended. */
const ended = {
  write: () => -1,
  resize: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  hangUp: () => undefined,
  kill: () => undefined,
};

const adopted = <P extends SessionProcess>(
  process: HandedSession['process'],
  adopt: (handed: unknown) => P | undefined,
): P | typeof ended => {
  if (process.state === 'ended') return ended;
  const continued = adopt(process.handed);
  if (continued === undefined) throw new Error('sessions of this kind cannot be continued');
  return continued;
};

/** The content of a session of an earlier agent process. @throws Error if this agent cannot continue its kind */
export const adoptedContent = (
  { kind: name, process, marks, screen }: HandedSession,
  kinds: ReadonlyMap<string, SessionKind>,
  screens: Screens,
): SessionContent => {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`this agent has no sessions of kind ${name}`);
  const { cols, rows } = marks.at(-1) ?? { cols: defaultCols, rows: defaultRows };
  if (kind.output === 'bytes')
    return { output: 'bytes', start: (events) => adopted(process, (handed) => kind.adopt?.(handed, events)) };
  return {
    output: 'terminal',
    size: { cols, rows },
    screen: screens.open(screen),
    start: (events) => adopted(process, (handed) => kind.adopt?.(handed, events)),
  };
};
