/** How the agent is run: out of a checkout of the project, or installed as `vsay-agent`. */
export type AgentForm = 'checkout' | 'installed';

// With the dots of a hidden key: what is shown is to look like what is copied.
const plainWord = /^[A-Za-z0-9_@%+=:,./•-]+$/;

/** A word as a POSIX shell takes it. */
const quote = (word: string): string => (plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * The two commands that add a machine: configure once, then start. `token`: the API key, or the registration token of one machine;
 * `host`: the address of this page.
 */
export const installCommands = (
  form: AgentForm,
  options: { token: string; host: string },
): { configure: string; start: string } => {
  const settings = `--token ${quote(options.token)} --host ${quote(options.host)}`;
  return form === 'checkout'
    ? { configure: `npm run agent -- configure ${settings}`, start: 'npm run agent -- start' }
    : { configure: `sudo vsay-agent configure ${settings} --linux-user "$USER"`, start: 'sudo vsay-agent start' };
};

const kept = 'vsay_ak_'.length;

/** The key as it may stand on a screen that others see: its kind and dots for the rest. */
export const maskedKey = (apiKey: string): string => `${apiKey.slice(0, kept)}${'•'.repeat(8)}`;
