import os from 'node:os';

/** What a person sees change in the list of machines, and what the hub sees of us: names, system, addresses. */
export const seenFrom = (
  facts: { hostname: string; osVersion: string; arch: string; cpuCores: number; memTotalMb: bigint; linuxUser: string },
  interfaces: NodeJS.Dict<{ address: string; internal: boolean; scopeid?: number }[]> = os.networkInterfaces(),
): string => {
  const addresses = Object.values(interfaces).flatMap((list) =>
    // Link-local ones come and go with cables and containers, and reach nobody.
    (list ?? []).filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address)),
  );
  const { hostname, osVersion, arch, cpuCores, memTotalMb, linuxUser } = facts;
  const told = [hostname, osVersion, arch, cpuCores, memTotalMb, linuxUser];
  return [...told.map(String), ...addresses.map(({ address }) => address).toSorted()].join('\n');
};
