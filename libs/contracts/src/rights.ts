import { z } from 'zod';

/**
 * What somebody may do with one machine. Every service and the web UI ask for a right by its name; nobody decides by a role. ADR 25.
 *
 * `see`: the machine exists, with its facts and figures. `open`: start terminals and attach to one's own. `command`: run commands.
 * `files_read`, `files_write`, `forward`: transfer files and forward ports. `watch`: look on at the terminals of others, without
 * typing. `record_play`: play recordings of others. `manage`: change, share and remove the machine, see and end anybody's sessions.
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

/** A preset of rights on a machine. `control` and `view` are granted; `admin` is an administrator's without a grant of control. */
export const MachineRole = z.enum(['owner', 'admin', 'control', 'view']);
export type MachineRole = z.infer<typeof MachineRole>;

const presets: Readonly<Record<MachineRole, readonly Right[]>> = {
  owner: Right.options,
  admin: ['see', 'watch', 'record_play', 'manage'],
  control: ['see', 'open', 'command', 'files_read', 'files_write', 'forward'],
  view: ['see'],
};

/** An administrator who was granted a machine has the rights of both. */
const withAdmin = (role: MachineRole): readonly Right[] =>
  Right.options.filter((right) => presets[role].includes(right) || presets.admin.includes(right));

const adminPresets: Readonly<Record<MachineRole, readonly Right[]>> = {
  owner: withAdmin('owner'),
  admin: withAdmin('admin'),
  control: withAdmin('control'),
  view: withAdmin('view'),
};

/** The rights of somebody with this role on a machine, in the order of `Right`. `isAdmin`: an administrator of the installation. */
export const rightsOf = (role: MachineRole, isAdmin: boolean): readonly Right[] =>
  (isAdmin ? adminPresets : presets)[role];

const isRight = (name: string): name is Right => Right.safeParse(name).success;

/** Rights as an answer lists them. A name that this version does not know is left out: a newer service may send one. */
export const Rights = z
  .array(z.string())
  .transform((names) => names.filter(isRight))
  .meta({ override: { type: 'array', items: { type: 'string', enum: [...Right.options] } } });
