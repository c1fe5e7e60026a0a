import type { FileEntry } from '@webxterm/contracts/rest';

/** The type of an entry, or of the target of a link. Null: the link leads to nothing. */
export const leadsTo = ({ type, link }: FileEntry): FileEntry['type'] | null =>
  type === 'link' ? (link?.type ?? null) : type;
