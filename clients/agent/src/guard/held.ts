import * as v from 'valibot';

const Pid = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A shell or command that must end with the agent, as registered with the guard. */
export const Held = v.variant('kind', [
  v.object({
    kind: v.literal('shell'),
    /** The child of the agent: the shell, or the su that holds its session. */
    pid: Pid,
    /** Start time in clock ticks (stat in proc(5)). Together with the pid it identifies the process. */
    startedAt: v.number(),
    heldBySu: v.boolean(),
  }),
  v.object({
    kind: v.literal('command'),
    main: Pid,
    startedAt: v.number(),
    /** The pid of su, if it holds the session. */
    holder: v.optional(Pid),
    marker: v.string(),
    /** Folder of the control group with only this command's processes. */
    cgroup: v.optional(v.string()),
  }),
]);
export type Held = v.InferOutput<typeof Held>;
export type HeldCommand = Extract<Held, { kind: 'command' }>;
export type HeldShell = Extract<Held, { kind: 'shell' }>;

/** `NUMBER JSON`: one line from the agent to its guard. */
export const heldLine = (number: number, held: Held): string => `${number} ${JSON.stringify(held)}\n`;

/** Parses lines of `heldLine`. @throws Error */
export const parseHeld = (lines: string): Held[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => v.parse(Held, JSON.parse(line.slice(line.indexOf(' ') + 1))));
