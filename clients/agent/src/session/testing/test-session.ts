import { type DownFrame, decodeDown, encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import { unwrapFrame } from '@webxterm/contracts/grpc';
import { pino } from 'pino';
import type { Attachment } from '../../attachment/attachment.ts';
import type { HandedSession } from '../handed-session.ts';
import { Session } from '../session.ts';
import type { Foreground, ProcessEvents, WindowSize } from '../session-kind.ts';
import type { SessionContent } from '../session-options.ts';
import type { RecordingPolicy } from '../session-recording.ts';

/** The ring of these sessions has 1 MiB. */
const ringSize = 1024 * 1024;

/** A session over a fake process that records its calls. */
export const make = (
  output: 'terminal' | 'bytes' = 'terminal',
  handed?: HandedSession,
  recording?: RecordingPolicy,
) => {
  const clock = { now: 0 };
  const shell = {
    typed: '',
    sizes: [] as WindowSize[],
    paused: false,
    signals: [] as string[],
    full: false,
    foreground: undefined as Foreground | undefined,
    looks: 0,
  };
  const ended: Session[] = [];
  let events: ProcessEvents | undefined;
  const start = (wired: ProcessEvents) => {
    events = wired;
    return {
      write: (bytes: Uint8Array) => {
        if (shell.full) return 0;
        shell.typed += Buffer.from(bytes).toString();
        return bytes.length;
      },
      resize: (size: WindowSize) => void shell.sizes.push(size),
      pause: () => {
        shell.paused = true;
      },
      resume: () => {
        shell.paused = false;
      },
      hangUp: () => void shell.signals.push('hang up'),
      kill: () => void shell.signals.push('kill'),
      handOver: () => ({ pid: 7 }),
      foreground: () => {
        shell.looks += 1;
        return shell.foreground;
      },
    };
  };
  const screen = { evicted: () => {}, snapshot: async () => undefined, close: () => {} };
  const content: SessionContent =
    output === 'bytes' ? { output, start } : { output, start, screen, size: { cols: 80, rows: 24 } };
  const session: Session = new Session({
    id: '00'.repeat(16),
    ownerUserId: 'u1',
    kind: 'test',
    content,
    ...(handed === undefined ? {} : { handed }),
    recording,
    ringSize,
    onEnded: () => void ended.push(session),
    log: pino({ level: 'silent' }),
    now: () => clock.now,
  });
  const print = (text: string | Uint8Array): void => events?.onOutput(Buffer.from(text));
  const exit = (exitCode: number): void => events?.onEnd({ exitCode, signal: undefined });
  return { session, clock, shell, ended, print, exit };
};

export const attach = (
  session: Session,
  viewerId: string,
  options: {
    from?: number;
    size?: WindowSize;
    role?: 'control' | 'view' | 'record';
    repaints?: boolean;
    recording?: RecordingPolicy;
    userId?: string;
    typesAlways?: boolean;
  } = {},
) => {
  const frames: DownFrame[] = [];
  const state = { finished: false };
  const attachment: Attachment = session.attach({
    viewer: {
      userId: options.userId ?? 'u1',
      viewerId,
      role: options.role ?? 'control',
      name: options.userId ?? 'u1',
      typesAlways: options.typesAlways ?? false,
    },
    created: false,
    from: options.from,
    size: options.size,
    repaints: options.repaints ?? false,
    recording: options.recording,
    transport: {
      send: (message, sent) => {
        const frame = unwrapFrame(message);
        if (frame !== undefined) frames.push(decodeDown(frame));
        sent();
      },
      finish: () => {
        state.finished = true;
      },
    },
  });
  const send = (frame: UpFrame): void => attachment.receive(encodeUp(frame));
  const type = (offset: number, text: string, reply = false, earlier = false): void =>
    send({ type: 'input', offset, reply, earlier, payload: Buffer.from(text) });
  const text = (): string =>
    frames.map((frame) => (frame.type === 'output' ? Buffer.from(frame.payload).toString() : '')).join('');
  const last = <T extends DownFrame['type']>(kind: T) => frames.findLast((frame) => frame.type === kind);
  return { attachment, frames, state, send, type, text, last };
};
