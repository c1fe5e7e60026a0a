/** What the agent takes from its environment: the one place of it that looks there. */
export type Environment = {
  proxy: string | undefined;
  noProxy: string | undefined;
  /** File with more CAs, as every Node program reads it. */
  extraCaFile: string | undefined;
};

const proxyNames = ['https_proxy', 'HTTPS_PROXY', 'grpc_proxy', 'all_proxy', 'ALL_PROXY', 'http_proxy'];

export const readEnvironment = (given: Readonly<Record<string, string | undefined>> = process.env): Environment => {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => given[name]).find((value) => value !== undefined && value !== '');
  return {
    proxy: first(proxyNames),
    noProxy: first(['no_proxy', 'NO_PROXY', 'no_grpc_proxy']),
    extraCaFile: first(['NODE_EXTRA_CA_CERTS']),
  };
};
