/** The agent's environment variables. Only this file reads the environment. */
export type Environment = {
  /** The API key or registration token. An alternative to the command line, which other users can read. */
  token: string | undefined;
  proxy: string | undefined;
  noProxy: string | undefined;
  /** File with additional CAs, as for every Node program. */
  extraCaFile: string | undefined;
};

const proxyNames = ['https_proxy', 'HTTPS_PROXY', 'grpc_proxy', 'all_proxy', 'ALL_PROXY', 'http_proxy'];

export const readEnvironment = (given: Readonly<Record<string, string | undefined>> = process.env): Environment => {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => given[name]).find((value) => value !== undefined && value !== '');
  return {
    token: first(['VSAY_TOKEN']),
    proxy: first(proxyNames),
    noProxy: first(['no_proxy', 'NO_PROXY', 'no_grpc_proxy']),
    extraCaFile: first(['NODE_EXTRA_CA_CERTS']),
  };
};

/** Marks a process that another version of the agent has replaced by itself (execve). */
const replacedMark = 'VSAY_AGENT_REPLACED';

/** The environment for a process that replaces this one. */
export const markedEnvironment = (): Record<string, string> => {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(set), [replacedMark]: '1' };
};

/** Whether this process replaced another one. The mark is removed, so that no other program has it. */
export const takeReplacedMark = (): boolean => {
  const replaced = process.env[replacedMark] === '1';
  delete process.env[replacedMark];
  return replaced;
};
