import * as v from 'valibot';

const Pid = v.pipe(v.number(), v.integer(), v.minValue(1));

/** What runs on the machine for somebody, and ends with the agent: as the agent's guard knows it. */
export const Held = v.variant('kind', [
  v.object({
    kind: v.literal('shell'),
    /** The child of the agent: the shell, or su that holds its session. */
    pid: Pid,
    /** Clock ticks as in stat of proc(5): the pid is of the same process for as long as this is the same. */
    startedAt: v.number(),
    heldBySu: v.boolean(),
  }),
  v.object({
    kind: v.literal('command'),
    main: Pid,
    startedAt: v.number(),
    /** su, where it holds the session. */
    holder: v.optional(Pid),
    marker: v.string(),
    /** Folder of the control group that holds nothing else. */
    cgroup: v.optional(v.string()),
  }),
]);
export type Held = v.InferOutput<typeof Held>;
export type HeldCommand = Extract<Held, { kind: 'command' }>;
export type HeldShell = Extract<Held, { kind: 'shell' }>;

/** `NUMBER JSON`: one line of what the agent tells its guard. */
export const heldLine = (number: number, held: Held): string => `${number} ${JSON.stringify(held)}\n`;

/** Reads lines of `heldLine`. @throws Error */
export const parseHeld = (lines: string): Held[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => v.parse(Held, JSON.parse(line.slice(line.indexOf(' ') + 1))));
