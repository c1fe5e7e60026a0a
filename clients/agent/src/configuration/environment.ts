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
