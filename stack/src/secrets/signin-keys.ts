import { signinKeyLine } from '@webxterm/shared/bus';

/** What agent-hub and terminal know the entries of the allow-list by: a public key for each line of the root key. */
export const signinKeys = (rootKey: string): string =>
  rootKey
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => signinKeyLine(Buffer.from(line, 'base64url')))
    .join('\n');
