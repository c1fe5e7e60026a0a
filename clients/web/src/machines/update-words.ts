import type { MachineUpdate } from '@webxterm/contracts/rest';

/** The version of the agent and what happens with it, as a sentence. */
export const updateSentence = (version: string, { state, offered, reason, policy }: MachineUpdate): string => {
  switch (state) {
    case 'up_to_date':
      return offered === null || offered === version ? `Version ${version}, up to date.` : `Version ${version}.`;
    case 'available':
      return `Version ${version}. ${offered} is available. ${whenItComes(policy, offered)}`;
    case 'waiting':
      return `Version ${version}. Update to ${offered} is waiting: ${reason ?? ''}`;
    case 'updating':
      return `Updating to ${offered}. Open terminals stay open.`;
    case 'failed':
      return `Version ${version}. The update to ${offered} failed: ${reason ?? ''}`;
    case 'unsupported':
      return `Version ${version}. ${reason ?? 'This agent cannot update itself. Run the install command again.'}`;
  }
};

const whenItComes = ({ mode, version }: MachineUpdate['policy'], offered: string | null): string => {
  if (mode === 'hold') return 'Updates are on hold.';
  if (mode === 'pin' && version !== offered) return `This machine is pinned to ${version}.`;
  return 'It is installed automatically.';
};

/** A badge for the list of machines. Undefined: nothing to say. */
export const updateBadge = (update: MachineUpdate | null | undefined): { text: string; color: string } | undefined => {
  switch (update?.state) {
    case 'available':
      return { text: 'update available', color: 'gray' };
    case 'waiting':
      return { text: 'update waiting', color: 'gray' };
    case 'updating':
      return { text: 'updating', color: 'blue' };
    case 'failed':
      return { text: 'update failed', color: 'red' };
    default:
      return undefined;
  }
};

/** Whether "Update now" can do anything. */
export const canUpdateNow = ({ state, policy, offered }: MachineUpdate): boolean =>
  (state === 'available' || state === 'failed') && !(policy.mode === 'pin' && policy.version !== offered);
