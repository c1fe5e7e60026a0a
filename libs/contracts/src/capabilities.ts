/**
 * Features of frames that a viewer and the terminal service announce in their hello frames, and an agent and a hub in their handshake. Each
 * side uses only those that both announced, and ignores those that it does not know. In a hello frame, bit n stands for the n-th name of
 * this list, so a new name is appended.
 *
 * `skip_unknown_frames`: skips ignorable frames of types that it does not know. An older viewer or agent ends the stream instead.
 * `later_end_causes`: reads the end of a session for a cause that it does not know as `unknown`. Between agent and hub: the relays behind the
 * hub read `idle_timeout`.
 */
export const frameCapabilities = ['skip_unknown_frames', 'later_end_causes'] as const;
export type FrameCapability = (typeof frameCapabilities)[number];

/** The u32 of a hello frame. */
export const capabilityBits = (names: readonly FrameCapability[]): number =>
  names.reduce((bits, name) => bits + 2 ** frameCapabilities.indexOf(name), 0);

/** The capabilities in the u32 of a hello frame. Bits that this version does not know are ignored. */
export const capabilitiesIn = (bits: number): readonly FrameCapability[] =>
  frameCapabilities.filter((_name, index) => Math.floor(bits / 2 ** index) % 2 === 1);

/**
 * Features of an agent. In its hello, an agent announces these and the names of the kinds of session that it has. The welcome of the hub
 * contains those that both have.
 *
 * `command`: runs commands without a session. `changed_facts`: reports changed facts about the machine over the link. To a hub without it, the
 * agent reports them by another dial. `session_titles`: reports the titles of sessions. `update`: installs a version on the order of the hub and
 * changes to it. An agent announces it only if install.sh installed it, and then reports the state of its installation in the hello. `record`:
 * keeps the times of output for recorders, and lets its shells wait for a required recording. `linux_users`: opens sessions and runs commands
 * as the Linux user that the request names. `share`: admits guests by a
 * share, decides which of them may type, and reports who is attached. `kept_commands`: keeps the ids of commands that must not start twice, and
 * their results until the hub has stored them.
 */
export const agentFeatures = [
  'command',
  'changed_facts',
  'session_titles',
  'update',
  'record',
  'linux_users',
  'share',
  'kept_commands',
  ...frameCapabilities,
] as const;
export type AgentFeature = (typeof agentFeatures)[number];

/** The capabilities of an agent that announces nothing. */
export const agentBaseline: readonly string[] = ['pty', 'command'];
