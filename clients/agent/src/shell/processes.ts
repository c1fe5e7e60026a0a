import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc has it. */
export type Process = { pid: number; parent: number; session: number; zombie: boolean; startedAt: number };

/** stat of proc(5). The name in parentheses may hold blanks and parentheses. */
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

/** None where there is no /proc (macOS). */
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

/** Marks the processes of a command in their environment. */
export const markerVariable = 'VSAY_COMMAND';

/** Their markers that begin so. Processes whose environment this one may not read are left out. */
export const markedProcesses = (prefix: string): { pid: number; marker: string }[] => {
  const start = `${markerVariable}=${prefix}`;
  return allPids().flatMap((pid) => {
    const found = (readText(`/proc/${pid}/environ`) ?? '').split('\0').find((entry) => entry.startsWith(start));
    return found === undefined ? [] : [{ pid, marker: found.slice(markerVariable.length + 1) }];
  });
};

/** What a family of processes is known by, beside descent. */
export type Family = {
  /** Sessions whose leader was of the family; grows. */
  sessions: Set<number>;
  /** `NAME=value` in the environment. */
  marker: string;
  /** Nothing that is older is of the family; clock ticks as in stat. */
  since: number;
};

/**
 * Those of the processes that belong to the family: by their session, by the marker in their environment, or because a parent
 * does. What does all of setsid, a double fork and an emptied environment between two looks is missed: a cgroup misses nothing.
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

/** The pids of the family that are alive now. */
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
