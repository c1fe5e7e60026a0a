import type { Machine, Role } from '@webxterm/contracts/rest';
import { type Right, rightsOf } from '@webxterm/contracts/rights';

/** The caller's rights on the machine. `role`: the caller's role in the installation, used if the response lists no rights. */
export const rightsOn = (
  { my_rights, my_role }: Pick<Machine, 'my_rights' | 'my_role'>,
  role: Role | undefined,
): readonly Right[] => my_rights ?? rightsOf(my_role, role === 'admin');

/** Whether another user granted this machine to the caller. */
export const isShared = ({ my_role }: Pick<Machine, 'my_role'>): boolean => my_role === 'control' || my_role === 'view';
