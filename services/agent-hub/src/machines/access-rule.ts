import { type MachineRole, type Right, rightsOf } from '@webxterm/contracts/rights';
import { AppError } from '@webxterm/shared';

/** The caller, according to the allow-list. */
export interface Person {
  readonly userId: string;
  readonly role: 'user' | 'admin';
}

/** The database state that decides the access of one person to one machine. Undefined: no such machine. */
export interface AccessFacts {
  readonly ownerId: string;
  readonly revoked: boolean;
  readonly grant: 'control' | 'view' | undefined;
}

/** The access of one person to one machine. */
export interface Allowed {
  readonly role: MachineRole;
  readonly rights: readonly Right[];
}

/**
 * The access of a person to a machine. Undefined: none, and the person must not learn that the machine exists. An admin with a grant
 * opens terminals by that grant. An admin without a grant can manage the machine, but open no terminal on it.
 */
export const allowed = (person: Person, facts: AccessFacts | undefined): Allowed | undefined => {
  const role = machineRole(person, facts);
  return role === undefined ? undefined : { role, rights: rightsOf(role, person.role === 'admin') };
};

const machineRole = (person: Person, facts: AccessFacts | undefined): MachineRole | undefined => {
  if (facts === undefined || facts.revoked) return undefined;
  if (facts.ownerId === person.userId) return 'owner';
  if (facts.grant === 'control') return 'control';
  if (person.role === 'admin') return 'admin';
  return facts.grant;
};

/** @throws AppError view_only; forbidden if `manage` is missing */
export const requireRight = ({ rights }: Pick<Allowed, 'rights'>, right: Right, message?: string): void => {
  if (!rights.includes(right)) throw new AppError(right === 'manage' ? 'forbidden' : 'view_only', message);
};

/**
 * The user whose sessions on the machine this user may end: null for all users, otherwise their own user id.
 * @throws AppError view_only
 */
export const endsSessionsOf = ({ rights }: Pick<Allowed, 'rights'>, userId: string): string | null => {
  if (rights.includes('manage')) return null;
  requireRight({ rights }, 'open');
  return userId;
};
