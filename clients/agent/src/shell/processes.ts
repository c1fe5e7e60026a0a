import { readdirSync, readFileSync } from 'node:fs';

/** A process in /proc. */
export type Process = { pid: number; parent: number; session: number; zombie: boolean; startedAt: number };

/** Parses stat of proc(5). The name in parentheses may contain spaces and parentheses. */
export const parseStat = (stat: string): Process | undefined => {
  const [state, parent, , session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedAt = Number(rest[15]);
  const pid = Number.parseInt(stat, 10);
  if (state === undefined || Number.isNaN(pid) || Number.isNaN(startedAt)) return undefined;
  return { pid, parent: Number(parent), session: Number(session), zombie: state === 'Z' || state === 'X', startedAt };
};

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

export const readProcess = (pid: number): Process | undefined => parseStat(readText(`/proc/${pid}/stat`) ?? '');

/** All pids. Empty without /proc (macOS). */
const allPids = (): number[] => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
};

const allProcesses = (): Process[] =>
  allPids()
    .map(readProcess)
    .filter((found) => found !== undefined);

/** Environment variable that marks the processes of a command. */
export const markerVariable = 'VSAY_COMMAND';
/** Holds a variable for a command while it is read. No command has it. */
export const inputVariable = 'VSAY_INPUT';

/** All marked processes whose marker starts with `prefix`. Processes whose environment is not readable are omitted. */
export const markedProcesses = (prefix: string): { pid: number; marker: string }[] => {
  const start = `${markerVariable}=${prefix}`;
  return allPids().flatMap((pid) => {
    const found = (readText(`/proc/${pid}/environ`) ?? '').split('\0').find((entry) => entry.startsWith(start));
    return found === undefined ? [] : [{ pid, marker: found.slice(markerVariable.length + 1) }];
  });
};

/** Identifies a family of processes, in addition to descent. */
export type Family = {
  /** Sessions whose leader belonged to the family. Grows. */
  sessions: Set<number>;
  /** `NAME=value` in the environment. */
  marker: string;
  /** Older processes do not belong to the family. Clock ticks as in stat. */
  since: number;
};

/**
 * The processes that belong to the family: by session, by the marker in their environment, or by a parent that belongs to it. A process
 * that combines setsid, a double fork and an emptied environment between two scans is missed. A cgroup misses none.
 */
export const familyOf = (
  processes: readonly Process[],
  family: Family,
  hasMarker: (pid: number) => boolean,
): Process[] => {
  const young = processes.filter(({ startedAt, zombie }) => startedAt >= family.since && !zombie);
  const members = new Map<number, Process>();
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const process of young) {
      if (members.has(process.pid)) continue;
      if (!family.sessions.has(process.session) && !members.has(process.parent) && !hasMarker(process.pid)) continue;
      members.set(process.pid, process);
      if (process.session === process.pid) family.sessions.add(process.session);
    }
  }
  return [...members.values()];
};

/** The pids of the family's live processes. */
export const livingFamily = (family: Family): number[] => {
  const looked = new Map<number, boolean>();
  const hasMarker = (pid: number): boolean => {
    const known = looked.get(pid);
    if (known !== undefined) return known;
    const found = (readText(`/proc/${pid}/environ`) ?? '').split('\0').includes(family.marker);
    looked.set(pid, found);
    return found;
  };
  return familyOf(allProcesses(), family, hasMarker).map(({ pid }) => pid);
};
