/** One dial of an agent: its process (instance) and the dial counter of that process (generation). */
export interface Dial {
  /** base64url. */
  readonly instanceId: string;
  readonly generation: bigint;
}

/**
 * The decision about a dial, given the link that the machine already has:
 * - `take`: the machine has no link
 * - `displace`: the same agent process dialled again; its newer dial wins
 * - `stale`: an older dial of the same process arrived late
 * - `ask_holder`: another process with the machine's key; if the holder still answers, the new dial must wait
 */
export type Claim = 'take' | 'displace' | 'stale' | 'ask_holder';

export const judgeDial = (newDial: Dial, holder: Dial | undefined): Claim => {
  if (holder === undefined) return 'take';
  if (newDial.instanceId !== holder.instanceId) return 'ask_holder';
  return newDial.generation > holder.generation ? 'displace' : 'stale';
};

/**
 * Whether the presence entry of this dial may replace the stored one. The generation of an entry may only rise, except when the hub of
 * the stored entry is dead, or when this hub wrote it for an earlier link.
 */
export const mayReplace = (
  mine: Dial & { readonly hubId: string },
  holder: Dial & { readonly hubId: string; readonly hubAlive: boolean },
): boolean => mine.generation > holder.generation || !holder.hubAlive || holder.hubId === mine.hubId;
