import os from 'node:os';

/** The facts and addresses whose change must be reported to the hub, as text to compare. */
export const seenFrom = (
  facts: { hostname: string; osVersion: string; arch: string; cpuCores: number; memTotalMb: bigint; linuxUser: string },
  interfaces: NodeJS.Dict<{ address: string; internal: boolean; scopeid?: number }[]> = os.networkInterfaces(),
): string => {
  const addresses = Object.values(interfaces).flatMap((list) =>
    // Link-local addresses change with cables and containers, and are not reachable.
    (list ?? []).filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address)),
  );
  const { hostname, osVersion, arch, cpuCores, memTotalMb, linuxUser } = facts;
  const compared = [hostname, osVersion, arch, cpuCores, memTotalMb, linuxUser];
  return [...compared.map(String), ...addresses.map(({ address }) => address).toSorted()].join('\n');
};
