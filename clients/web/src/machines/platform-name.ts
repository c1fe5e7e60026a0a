import type { Machine } from '@webxterm/contracts/rest';

/** "Linux 6.8.0 · x64", leaving out what the agent did not say. */
export const platform = ({ os, arch, metadata }: Pick<Machine, 'os' | 'arch' | 'metadata'>): string => {
  const name = `${os.charAt(0).toUpperCase()}${os.slice(1)}`;
  // Some agents say the distribution, some the kernel's release.
  const system = /^\d/.test(metadata.os_version) ? `${name} ${metadata.os_version}` : metadata.os_version || name;
  return [system, arch].filter((part) => part !== '').join(' · ');
};
