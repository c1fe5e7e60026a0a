/** One dial of an agent: the process (instance) and how many times it has dialled (generation). */
export interface Dial {
  /** base64url. */
  readonly instanceId: string;
  readonly generation: bigint;
}

/**
 * What becomes of a dial while another link of the same machine is held:
 * - `take`: nobody holds it
 * - `displace`: the same agent process dialled again; its newer dial wins
 * - `stale`: an older dial of the same process arrived late
 * - `ask_holder`: another process with the machine's key; if the holder still answers, the newcomer waits
 */
export type Claim = 'take' | 'displace' | 'stale' | 'ask_holder';

export const judgeDial = (newcomer: Dial, holder: Dial | undefined): Claim => {
  if (holder === undefined) return 'take';
  if (newcomer.instanceId !== holder.instanceId) return 'ask_holder';
  return newcomer.generation > holder.generation ? 'displace' : 'stale';
};

/**
 * May this dial's entry in presence replace the one that stands there? Entries only move up by generation; one whose hub is
 * gone, or that this hub wrote itself for an earlier link, gives way to a live link.
 */
export const mayReplace = (
  mine: Dial & { readonly hubId: string },
  standing: Dial & { readonly hubId: string; readonly hubAlive: boolean },
): boolean => mine.generation > standing.generation || !standing.hubAlive || standing.hubId === mine.hubId;
