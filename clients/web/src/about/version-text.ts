import type { health } from '@webxterm/contracts/rest';
import type { z } from 'zod';

export type Health = z.output<typeof health.success.schema>;

/** The version of the server with its commit, if it is known: for a report of a fault. */
export const versionText = ({ version, commit }: Pick<Health, 'version' | 'commit'>): string =>
  commit === undefined ? `WebXTerm ${version}` : `WebXTerm ${version} (${commit.slice(0, 12)})`;
