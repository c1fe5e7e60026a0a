import { z } from 'zod';

/**
 * Rights of a user on one machine. Every service and the web UI check a right by its name, never a role. ADR 25.
 *
 * `see`: see the machine with its facts and figures. `open`: start terminals and attach to one's own. `command`: run commands.
 * `files_read`, `files_write`, `forward`: transfer files and forward ports. `watch`: view the terminals of others, without typing.
 * `record_play`: play recordings of others. `manage`: change, share and remove the machine, see and end the sessions of all users.
 */
export const Right = z.enum([
  'see',
  'open',
  'command',
  'files_read',
  'files_write',
  'forward',
  'watch',
  'record_play',
  'manage',
]);
export type Right = z.infer<typeof Right>;

/**
 * A preset of rights on a machine. Only `control` and `view` can be granted. `admin` is the role of an administrator without a grant of
 * control.
 */
export const MachineRole = z.enum(['owner', 'admin', 'control', 'view']);
export type MachineRole = z.infer<typeof MachineRole>;

const presets: Readonly<Record<MachineRole, readonly Right[]>> = {
  owner: Right.options,
  admin: ['see', 'watch', 'record_play', 'manage'],
  control: ['see', 'open', 'command', 'files_read', 'files_write', 'forward'],
  view: ['see'],
};

/** An administrator with a grant has the rights of both. */
const withAdmin = (role: MachineRole): readonly Right[] =>
  Right.options.filter((right) => presets[role].includes(right) || presets.admin.includes(right));

const adminPresets: Readonly<Record<MachineRole, readonly Right[]>> = {
  owner: withAdmin('owner'),
  admin: withAdmin('admin'),
  control: withAdmin('control'),
  view: withAdmin('view'),
};

/** The rights of a user with this role on a machine, in the order of `Right`. `isAdmin`: an administrator of the installation. */
export const rightsOf = (role: MachineRole, isAdmin: boolean): readonly Right[] =>
  (isAdmin ? adminPresets : presets)[role];

/** The rights on every machine, whatever is granted on it, and on removed machines too. */
export const rightsEverywhere = (isAdmin: boolean): readonly Right[] => (isAdmin ? presets.admin : []);

/** The terms of one grant. */
export interface GrantTerms {
  readonly role: Extract<MachineRole, 'control' | 'view'>;
  /** The Linux users that it is limited to. Null: all of the machine. */
  readonly linuxUsers: readonly string[] | null;
}

/** The higher one first. */
const grantable = ['control', 'view'] as const;

/** The most that any of the grants gives: the higher role, with the Linux users of all grants of that role. Undefined: no grant. */
export const mostOf = (grants: readonly GrantTerms[]): GrantTerms | undefined => {
  const role = grantable.find((each) => grants.some((grant) => grant.role === each));
  const lists = grants.filter((grant) => grant.role === role).map(({ linuxUsers }) => linuxUsers);
  if (role === undefined) return undefined;
  return { role, linuxUsers: lists.includes(null) ? null : [...new Set(lists.flatMap((list) => list ?? []))] };
};

const isRight = (name: string): name is Right => Right.safeParse(name).success;

/** Rights as listed in a response. Names that this version does not know are dropped, because a newer service may send them. */
export const Rights = z
  .array(z.string())
  .transform((names) => names.filter(isRight))
  .meta({ override: { type: 'array', items: { type: 'string', enum: [...Right.options] } } });
