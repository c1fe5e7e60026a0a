import { maxWinsize } from './limits.ts';
import { FrameError } from './wire.ts';

/**
 * First byte of each frame. A value is never reused. Bit 6 (0x40): machine to viewer, else viewer to machine. Bit 7 (0x80): ignorable. A
 * receiver skips an ignorable frame of a type that it does not know. Any other unknown type violates the protocol.
 */
export const frameType = {
  hello: 0x01,
  attach: 0x02,
  input: 0x03,
  limit: 0x04,
  resize: 0x05,
  visible: 0x06,
  ping: 0x07,
  detach: 0x08,
  snapshotAck: 0x09,
  askToType: 0x81,
  giveTyping: 0x82,
  downHello: 0x41,
  accepted: 0x42,
  output: 0x43,
  gap: 0x44,
  inputAck: 0x45,
  inputReset: 0x46,
  size: 0x47,
  driver: 0x48,
  ended: 0x49,
  refused: 0x4a,
  state: 0x4b,
  pass: 0x4c,
  pong: 0x4d,
  snapshot: 0x4e,
  times: 0xc1,
  recorded: 0xc2,
  presence: 0xc3,
  foreground: 0xc4,
  idle: 0xc5,
} as const;

const ignorableBit = 0x80;

/** Whether a receiver that does not know this frame type skips the frame. */
export const isIgnorable = (type: number): boolean => (type & ignorableBit) !== 0;

/** Bytes before the payload of an output frame: type and offset. */
export const outputHeaderSize = 9;
/** Bytes before the payload of an input frame: type, offset and flags. */
export const inputHeaderSize = 10;

/**
 * The wire holds the index in these lists, so a new value is appended. A receiver reads an end cause that it does not know as `unknown` if it
 * announces `later_end_causes`. An older one ends the stream.
 */
export const endCauses = [
  'unknown',
  'shell_exit',
  'ended_by_user',
  'access_revoked',
  'machine_deleted',
  'user_disabled',
  'detach_timeout',
  'agent_stopped',
  'spawn_failed',
  'idle_timeout',
] as const;
/** The cause for a receiver without `later_end_causes`. */
export const olderCause = (cause: (typeof endCauses)[number]): (typeof endCauses)[number] =>
  cause === 'idle_timeout' ? 'detach_timeout' : cause;
/** Causes for which a hub has an agent end sessions. */
export const endCausesOfHub = ['ended_by_user', 'access_revoked', 'machine_deleted', 'user_disabled'] as const;
export const detachReasons = ['left', 'moving', 'broken', 'displaced', 'revoked', 'ring_overrun'] as const;
export const linkStates = ['connecting', 'live', 'unreachable'] as const;
/** Whether a session is recorded. `required`: its shell waits while it cannot be recorded. */
export const recordingModes = ['off', 'on', 'required'] as const;
/**
 * The kind of program that has the foreground of the terminal. `shell`: the session's own, or one that was started in it. `carrier`: a
 * program such as ssh or sudo, in which another shell may run.
 */
export const foregroundStates = ['shell', 'program', 'carrier'] as const;
export const scopes = ['hop', 'path'] as const;

export const flag = (on: boolean, bit: number): number => (on ? bit : 0);

export const pick = <T>(list: readonly T[], index: number, what: string): T => {
  const value = list[index];
  if (value === undefined) throw new FrameError(`unknown ${what} ${index}`);
  return value;
};

export const size = (value: number): number => {
  if (value < 1 || value > maxWinsize) throw new FrameError(`window size ${value} is not 1 to ${maxWinsize}`);
  return value;
};

export const atMost = (payload: Uint8Array, limit: number, what: string): Uint8Array => {
  if (payload.length > limit) throw new FrameError(`${what} of ${payload.length} bytes is over ${limit}`);
  return payload;
};
