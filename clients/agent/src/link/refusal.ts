import { isErrorCode } from '@webxterm/contracts/errors';
import type { Refused } from '@webxterm/contracts/grpc';

/** How to solve a permanent refusal, by code. */
const remedies: Record<string, string> = {
  bad_api_key: 'Take the current API key from the Profile page and run "vsay-agent configure" again.',
  bad_credential:
    'The API key was regenerated, or this machine was enrolled anew: run "vsay-agent configure" again with the current API key.',
  bad_signature:
    'The key file beside the configuration does not belong to this machine: remove it and run "vsay-agent configure" again.',
  machine_revoked:
    'Somebody removed this machine. To enrol it anew, run "vsay-agent configure" again with an API key or a new token.',
  machine_name_taken: 'Run "vsay-agent configure" again with another --name.',
  user_disabled: 'Ask an administrator, then start the agent again.',
  protocol_unsupported: 'Upgrade the agent or the server, whichever is older.',
};

/** A sentence for the user about a refusal: the hub's message, and how to solve it. */
export const describeRefusal = ({ code, message }: Pick<Refused, 'code' | 'message'>): string => {
  const said = message === '' ? `The server refused this machine (${code}).` : message;
  const remedy = isErrorCode(code) ? remedies[code] : undefined;
  // The remedy is omitted if the hub's message already contains one.
  return remedy === undefined || /configure|upgrade|add the machine/i.test(message) ? said : `${said} ${remedy}`;
};
