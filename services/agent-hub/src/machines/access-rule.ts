import { type MachineRole, type Right, rightsOf } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';

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

/** What one person may do with one machine. */
export interface Allowed {
  readonly role: MachineRole;
  readonly rights: readonly Right[];
}

/**
 * What a person may do with a machine; undefined: for them it does not exist. An owner stays owner, an admin with a grant opens
 * terminals by the grant, an admin without one manages the machine but opens nothing on it.
 */
export const allowed = (person: Person, standing: Standing | undefined): Allowed | undefined => {
  const role = machineRole(person, standing);
  return role === undefined ? undefined : { role, rights: rightsOf(role, person.role === 'admin') };
};

const machineRole = (person: Person, standing: Standing | undefined): MachineRole | undefined => {
  if (standing === undefined || standing.revoked) return undefined;
  if (standing.ownerId === person.userId) return 'owner';
  if (standing.grant === 'control') return 'control';
  if (person.role === 'admin') return 'admin';
  return standing.grant;
};

/** @throws AppError view_only; forbidden when `manage` is missing */
export const requireRight = ({ rights }: Pick<Allowed, 'rights'>, right: Right, message?: string): void => {
  if (!rights.includes(right)) throw new AppError(right === 'manage' ? 'forbidden' : 'view_only', message);
};

/**
 * Whose sessions on the machine this user may end: null for everybody's, else their own user id.
 * @throws AppError view_only
 */
export const endsSessionsOf = ({ rights }: Pick<Allowed, 'rights'>, userId: string): string | null => {
  if (rights.includes('manage')) return null;
  requireRight({ rights }, 'open');
  return userId;
};
