import type { Machine } from '@webxterm/contracts/rest';

/** Platform such as "Linux 6.8.0 · x64". Omits parts that the agent did not report. */
export const platform = ({ os, arch, metadata }: Pick<Machine, 'os' | 'arch' | 'metadata'>): string => {
  const name = `${os.charAt(0).toUpperCase()}${os.slice(1)}`;
  // Some agents report the distribution, others the kernel release.
  const system = /^\d/.test(metadata.os_version) ? `${name} ${metadata.os_version}` : metadata.os_version || name;
  return [system, arch].filter((part) => part !== '').join(' · ');
};
