import type { MachineRole } from '@webxterm/contracts/rest';

/** Who asks, as the allow-list has it. */
export interface Person {
  readonly userId: string;
  readonly role: 'user' | 'admin';
}

/** What the database says about one person and one machine; undefined: no such machine. */
export interface Standing {
  readonly ownerId: string;
  readonly revoked: boolean;
  readonly grant: 'control' | 'view' | undefined;
}

/**
 * What a person may do with a machine; undefined: for them it does not exist. An owner stays owner, an admin with a grant opens
 * terminals by the grant, an admin without one manages the machine but opens nothing on it.
 */
export const machineRole = (person: Person, standing: Standing | undefined): MachineRole | undefined => {
  if (standing === undefined || standing.revoked) return undefined;
  if (standing.ownerId === person.userId) return 'owner';
  if (standing.grant === 'control') return 'control';
  if (person.role === 'admin') return 'admin';
  return standing.grant;
};

/** May open terminals on it, and attach to their own. */
export const mayOpen = (role: MachineRole): boolean => role === 'owner' || role === 'control';

/** May end anybody's session on it. */
export const mayManage = (role: MachineRole): boolean => role === 'owner' || role === 'admin';
