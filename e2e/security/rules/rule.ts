import { type MachineRole, type Right, rightsOf } from '@webxterm/contracts/rights';
import type { World } from '../world.ts';

/** A signed-in caller, by the role on the machine `world.agentId` and as an administrator. */
export const callers = ['other', 'view', 'control', 'owner', 'admin', 'adminView', 'adminControl'] as const;
export type Caller = (typeof callers)[number];

const roles: Readonly<Record<Exclude<Caller, 'other'>, readonly [role: MachineRole, isAdmin: boolean]>> = {
  view: ['view', false],
  control: ['control', false],
  owner: ['owner', false],
  admin: ['admin', true],
  adminView: ['view', true],
  adminControl: ['control', true],
};

/** The rights that this caller has on the machine; `other` has none. */
export const rightsAs = (caller: Caller): readonly Right[] => (caller === 'other' ? [] : rightsOf(...roles[caller]));

/** Members whose access comes from a group or a tag only. A rule that requires a right answers them as a caller with a grant of the same role. */
export const members = { byGroup: 'control', byTag: 'view' } as const satisfies Readonly<Record<string, Caller>>;
export type Member = keyof typeof members;

export type Statuses = Readonly<Record<Caller, number>>;

/** The call of the route, which succeeds for a caller with access. */
export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
export type MakeCall = (world: World, caller: Caller) => Call | Promise<Call>;

/** Something that the answer holds for exactly these. */
export interface Shown {
  readonly what: (world: World) => string;
  readonly to: readonly Caller[];
}

/** The access rule of a route, independent of its code: the status that each caller gets. */
export type Rule =
  /** The same for everybody, signed in or not. */
  | { readonly kind: 'anyone'; readonly status: number; readonly call: MakeCall }
  /** It touches nothing but the caller's own account: tried with an account made for it. */
  | { readonly kind: 'self'; readonly status: number; readonly call: MakeCall }
  | {
      readonly kind: 'caller';
      readonly statuses: Statuses;
      /** The right on the machine that the route requires. Undefined: it does not decide by one right. */
      readonly right: Right | undefined;
      /** Answers 404 to everybody without the right, also to callers who see the machine. */
      readonly hides: boolean;
      /** Callers who need no right, because the session is theirs. */
      readonly own: readonly Caller[];
      readonly call: MakeCall;
      readonly shows: Shown | undefined;
    };

const nothing: MakeCall = () => ({});

export const onMachine: MakeCall = (world) => ({ params: { agent_id: world.agentId } });

const everybody = (status: number): Statuses => ({
  other: status,
  view: status,
  control: status,
  owner: status,
  admin: status,
  adminView: status,
  adminControl: status,
});

export const anyone = (status: number, call: MakeCall = nothing): Rule => ({ kind: 'anyone', status, call });
export const self = (status: number, call: MakeCall = nothing): Rule => ({ kind: 'self', status, call });

type CallerRule = Extract<Rule, { kind: 'caller' }>;

export const byCaller = (statuses: Statuses, call: MakeCall = nothing, shows?: Shown): CallerRule => ({
  kind: 'caller',
  statuses,
  right: undefined,
  hides: false,
  own: [],
  call,
  shows,
});

/** As `byCaller`, of a route that requires one right: route-rules.test.ts compares the statuses with the rights. */
export const byRight = (right: Right, statuses: Statuses, call: MakeCall = onMachine, shows?: Shown): CallerRule => ({
  ...byCaller(statuses, call, shows),
  right,
});

/** As `byRight`, of a route about something that a caller without the right must not learn of: a session of `own`, or a recording. */
export const hiddenWithout = (
  right: Right,
  statuses: Statuses,
  call: MakeCall,
  { own = [] }: { readonly own?: readonly Caller[] } = {},
): CallerRule => ({ ...byRight(right, statuses, call), hides: true, own });

export const signedIn = (status: number, call: MakeCall = nothing, shows?: Shown): Rule =>
  byCaller(everybody(status), call, shows);

export const adminOnly = (status: number, call: MakeCall = nothing): Rule =>
  byCaller({ ...everybody(403), admin: status, adminView: status, adminControl: status }, call);
