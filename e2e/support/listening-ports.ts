import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listening = '0A';

const socketInodes = (pid: number): Set<string> =>
  new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed since the listing
      }
    }),
  );

/** Where a process listens: `address` as the kernel writes it (hex), for each TCP socket in state LISTEN. */
export const listeningPorts = (pid: number): { address: string; port: number }[] => {
  const inodes = socketInodes(pid);
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening && inodes.has(fields[9] ?? ''))
      .map((fields) => {
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        return { address, port: Number.parseInt(port, 16) };
      }),
  );
};
