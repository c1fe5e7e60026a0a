/** Limits of runs: commands on many machines. */
export const runLimits = {
  /** Machines of one run. */
  targets: 2000,
  /** Commands of one run that are in progress at the same time. */
  concurrency: 500,
  /** Runs in progress, of one user and of all. Above the latter a user with none in progress may still start one, up to a second limit. */
  ofUser: 10,
  ofAll: 200,
  ofAllAtMost: 500,
  /** Runs that a user starts in 24 hours, and the sum of their machines. They are kept for weeks, and agents keep their ids for a day. */
  ofUserADay: 2000,
  targetsOfUserADay: 100_000,
  /** Characters of the command, which may be a script of several lines. */
  command: 32_768,
  /** Environment variables, arguments, and the characters of each. */
  inputs: 64,
  input: 8192,
  timeoutSeconds: 3600,
  /** A run ends this many days after its start at the latest. */
  days: 7,
  /** Bytes of stdout, and of stderr, that are kept of each machine. */
  output: 65_536,
  /** Groups of equal outputs in one answer, the machines that each names, and the characters of output that it shows. */
  groups: 100,
  groupMachines: 50,
  preview: 2000,
} as const;

/** The values of a run that names no others: commands in progress at the same time, and the time limit of each in seconds. */
export const runDefaults = { concurrency: 50, timeoutSeconds: 60 } as const;
