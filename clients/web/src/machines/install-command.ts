/** How the agent comes to a machine: by the script of this server, or out of a clone of the project (developers). */
export type AgentForm = 'curl' | 'wget' | 'clone';

/** What a machine needs to know of this server. */
export interface Installation {
  /** The address of this page. */
  readonly host: string;
  /** SHA-256 of install.sh, hexadecimal. */
  readonly scriptHash: string;
  /** The server that the script names by itself. */
  readonly scriptHost: string;
  /** `sha256:` and the fingerprint of the private CA; undefined where public CAs do. */
  readonly caFingerprint: string | undefined;
}

// With the dots of a hidden key: what is shown is to look like what is copied.
const plainWord = /^[A-Za-z0-9_@%+=:,./•-]+$/;

/** A word as a POSIX shell takes it. */
const quote = (word: string): string => (plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(host).hostname);

/**
 * The line that installs the agent. Where the server has a private CA, TLS proves nothing yet: then the line knows the hash of the
 * script, and runs it only if it is that one.
 */
export const installLine = (form: 'curl' | 'wget', token: string, installation: Installation): string => {
  const { host, scriptHash, scriptHost, caFingerprint } = installation;
  const url = quote(`${host}/install.sh`);
  const options = [
    '--token',
    quote(token),
    ...(scriptHost === host ? [] : ['--host', quote(host)]),
    ...(caFingerprint === undefined ? [] : ['--ca-fingerprint', caFingerprint]),
  ].join(' ');
  const run = `sudo sh -s -- ${options}`;
  if (caFingerprint === undefined || isLoopback(host))
    return `${form === 'curl' ? 'curl -fsSL' : 'wget -qO-'} ${url} | ${run}`;
  const fetch = `${form === 'curl' ? 'curl -fsSLk' : 'wget -qO- --no-check-certificate'} ${url}`;
  return `s=$(${fetch}) && printf '%s\\n' "$s" | sha256sum | grep -q ^${scriptHash} && printf '%s\\n' "$s" | ${run}`;
};

/** The two commands of a clone: configure once, then start. */
export const cloneCommands = (options: { token: string; host: string }): { configure: string; start: string } => ({
  configure: `npm run agent -- configure --token ${quote(options.token)} --host ${quote(options.host)}`,
  start: 'npm run agent -- start',
});

const kept = 'vsay_ak_'.length;

/** The key as it may stand on a screen that others see: its kind and dots for the rest. */
export const maskedKey = (apiKey: string): string => `${apiKey.slice(0, kept)}${'•'.repeat(8)}`;
