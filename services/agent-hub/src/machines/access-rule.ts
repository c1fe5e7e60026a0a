import type { SigninEntry } from '@webxterm/contracts/bus';
import { type GrantTerms, type MachineRole, type Right, rightsOf } from '@webxterm/contracts/rights';
import { isLimitedToMachines, type TokenLimits } from '@webxterm/contracts/token-scopes';
import { AppError, foldName } from '@webxterm/shared';

/** The caller, according to the allow-list. */
export interface Person {
  readonly userId: string;
  readonly role: 'user' | 'admin';
  /** The limits of the caller's access token. Undefined: the caller signed in. */
  readonly token?: TokenLimits | undefined;
}

/** The caller of a sign-in or an access token. */
export const personOf = ({ user_id, role, token }: SigninEntry): Person => ({ userId: user_id, role, token });

/** The database state that decides the access of one person to one machine. Undefined: no such machine. */
export interface AccessFacts {
  readonly agentId: string;
  /** In any form. */
  readonly tags: readonly string[];
  readonly ownerId: string;
  readonly revoked: boolean;
  /** The most that any of the person's grants gives. */
  readonly grant: GrantTerms | undefined;
}

/** The access of one person to one machine. */
export interface Allowed {
  readonly role: MachineRole;
  readonly rights: readonly Right[];
  /** The Linux users that terminals and commands are limited to. Null: all of the machine. */
  readonly linuxUsers: readonly string[] | null;
}

/**
 * The access of a person to a machine. Undefined: none, and the person must not learn that the machine exists. An admin with a grant
 * opens terminals by that grant. An admin without a grant can manage the machine, but open no terminal on it. A token has those of its
 * owner's rights that are among its scopes, on the machines that it reaches.
 */
export const allowed = (person: Person, facts: AccessFacts | undefined): Allowed | undefined => {
  const role = machineRole(person, facts);
  if (role === undefined || facts === undefined || !reaches(person.token, facts)) return undefined;
  const { token } = person;
  const rights = rightsOf(role, person.role === 'admin');
  return {
    role,
    rights: token === undefined ? rights : rights.filter((right) => token.scopes.includes(right)),
    linuxUsers: role === 'owner' ? null : (facts.grant?.linuxUsers ?? null),
  };
};

const reaches = (token: TokenLimits | undefined, { agentId, tags }: AccessFacts): boolean =>
  token === undefined ||
  !isLimitedToMachines(token) ||
  token.machines.includes(agentId) ||
  tags.some((tag) => token.tags.includes(foldName(tag)));

const machineRole = (person: Person, facts: AccessFacts | undefined): MachineRole | undefined => {
  if (facts === undefined || facts.revoked) return undefined;
  if (facts.ownerId === person.userId) return 'owner';
  if (facts.grant?.role === 'control') return 'control';
  if (person.role === 'admin') return 'admin';
  return facts.grant?.role;
};

/** @throws AppError token_not_allowed for a token that reaches only some machines */
export const requireAllMachines = ({ token }: Person): void => {
  if (token !== undefined && isLimitedToMachines(token))
    throw new AppError('token_not_allowed', 'This access token is limited to some machines, and may not do this.');
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
