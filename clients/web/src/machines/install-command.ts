/** How the agent is installed: with the script of this server, or from a clone of the project (for developers). */
export type AgentForm = 'curl' | 'wget' | 'clone';

/** The facts of this server that the install command contains. */
export interface Installation {
  /** Origin of this page. */
  readonly host: string;
  /** SHA-256 of install.sh, hexadecimal. */
  readonly scriptHash: string;
  /** Origin of the server that the script uses by default. */
  readonly scriptHost: string;
  /** `sha256:` and the fingerprint of the private CA. Undefined if public CAs suffice. */
  readonly caFingerprint: string | undefined;
}

// Includes the dots of a masked key, so that the shown command is quoted like the copied one.
const plainWord = /^[A-Za-z0-9_@%+=:,./•-]+$/;

/** Quotes a word for a POSIX shell. */
const quote = (word: string): string => (plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * The command that installs the agent. If the server has a private CA, the machine cannot verify TLS yet. The command then contains the
 * hash of the script and runs only a script with that hash.
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
  if (caFingerprint === undefined || !host.startsWith('https:'))
    return `${form === 'curl' ? 'curl -fsSL' : 'wget -qO-'} ${url} | ${run}`;
  const fetch = `${form === 'curl' ? 'curl -fsSLk' : 'wget -qO- --no-check-certificate'} ${url}`;
  return `s=$(${fetch}) && printf '%s\\n' "$s" | sha256sum | grep -q ^${scriptHash} && printf '%s\\n' "$s" | ${run}`;
};

/** The two commands for a clone: configure once, then start. */
export const cloneCommands = (options: { token: string; host: string }): { configure: string; start: string } => ({
  configure: `npm run agent -- configure --token ${quote(options.token)} --host ${quote(options.host)}`,
  start: 'clients/agent/bin/vsay-agent start',
});

const kept = 'vsay_ak_'.length;

/** The key for a screen that others may see: its prefix, and dots for the rest. */
export const maskedKey = (apiKey: string): string => `${apiKey.slice(0, kept)}${'•'.repeat(8)}`;
