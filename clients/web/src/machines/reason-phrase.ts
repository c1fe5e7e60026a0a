import type { AccessReason } from '@webxterm/contracts/rest';
import { localTime } from '../layout/format.ts';
import { rolePhrases } from './grant-roles.ts';

const through = ({ kind, group, tag }: AccessReason): string => {
  if (kind === 'user') return 'by name';
  const name = group === null ? 'by name' : `through the group ${group.name}`;
  return kind === 'group' ? name : `${name}, by the tag ${tag}`;
};

/** Why a user has access, such as "Opens terminals through the group Ops, by the tag prod, given by ann on 1 Dec 2026, 16:00". */
export const reasonPhrase = (reason: AccessReason): string => {
  if (reason.role === null) return 'Owns the machine';
  const may = rolePhrases[reason.role];
  const as = reason.linux_users === null ? '' : ` as ${reason.linux_users.join(', ')}`;
  const giver = reason.granted_by === '' ? '' : `, given by ${reason.granted_by}`;
  const since = reason.granted_at === null ? '' : ` on ${localTime(reason.granted_at)}`;
  return `${may}${as} ${through(reason)}${giver}${since}`;
};
