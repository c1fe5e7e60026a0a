import type { World } from '../world.ts';

/** How somebody who is signed in stands towards the machine `world.agentId`. */
export const standings = ['other', 'view', 'control', 'owner', 'admin'] as const;
export type Standing = (typeof standings)[number];

export type Statuses = Readonly<Record<Standing, number>>;

/** What is asked of the route: a call that would do its work for whoever may. */
export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
export type MakeCall = (world: World, standing: Standing) => Call | Promise<Call>;

/** Something that the answer holds for exactly these. */
export interface Shown {
  readonly what: (world: World) => string;
  readonly to: readonly Standing[];
}

/** Who may use a route, told without looking at its code: the status that each caller gets. */
export type Rule =
  /** The same for everybody, signed in or not. */
  | { readonly kind: 'anyone'; readonly status: number; readonly call: MakeCall }
  /** It touches nothing but the caller's own account: tried with an account made for it. */
  | { readonly kind: 'self'; readonly status: number; readonly call: MakeCall }
  | {
      readonly kind: 'standing';
      readonly statuses: Statuses;
      readonly call: MakeCall;
      readonly shows: Shown | undefined;
    };

const nothing: MakeCall = () => ({});

export const anyone = (status: number, call: MakeCall = nothing): Rule => ({ kind: 'anyone', status, call });
export const self = (status: number, call: MakeCall = nothing): Rule => ({ kind: 'self', status, call });

export const byStanding = (statuses: Statuses, call: MakeCall = nothing, shows?: Shown): Rule => ({
  kind: 'standing',
  statuses,
  call,
  shows,
});

export const signedIn = (status: number, call: MakeCall = nothing, shows?: Shown): Rule =>
  byStanding({ other: status, view: status, control: status, owner: status, admin: status }, call, shows);

export const adminOnly = (status: number, call: MakeCall = nothing): Rule =>
  byStanding({ other: 403, view: 403, control: 403, owner: 403, admin: status }, call);

export const onMachine: MakeCall = (world) => ({ params: { agent_id: world.agentId } });
