const classes = ['Owner', 'Group', 'Others'] as const;
const permissions = [
  ['read', 4],
  ['write', 2],
  ['run or enter', 1],
] as const;

export interface ModeBit {
  readonly label: string;
  readonly bit: number;
}

/** The permissions of a mode by class, as chmod(1) orders them. */
export const modeBits: readonly { readonly name: string; readonly bits: readonly ModeBit[] }[] = classes.map(
  (name, at) => ({
    name,
    bits: permissions.map(([label, value]) => ({ label, bit: value << (3 * (2 - at)) })),
  }),
);

/** The number of a mode such as `0644`. Undefined: it is none. */
export const modeOf = (text: string): number | undefined =>
  /^[0-7]{3,4}$/.test(text) ? Number.parseInt(text, 8) : undefined;

export const modeText = (mode: number): string => mode.toString(8).padStart(4, '0');
