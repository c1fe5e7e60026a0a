import { signinKeyLine } from '@webxterm/shared/bus';

/** Public keys with which agent-hub and terminal verify entries of the allow-list: one for each line of the root key. */
export const signinKeys = (rootKey: string): string =>
  rootKey
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => signinKeyLine(Buffer.from(line, 'base64url')))
    .join('\n');
