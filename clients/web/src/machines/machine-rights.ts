import type { Machine, Role } from '@webxterm/contracts/rest';
import { type Right, rightsOf } from '@webxterm/contracts/rights';

/** The caller's rights on the machine. `role`: the caller's on the installation; it counts where the answer lists no rights. */
export const rightsOn = (
  { my_rights, my_role }: Pick<Machine, 'my_rights' | 'my_role'>,
  role: Role | undefined,
): readonly Right[] => my_rights ?? rightsOf(my_role, role === 'admin');

/** Somebody else's, and granted to the caller. */
export const isShared = ({ my_role }: Pick<Machine, 'my_role'>): boolean => my_role === 'control' || my_role === 'view';
