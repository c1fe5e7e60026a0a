import { reasonOf } from '../errors.ts';

/** The result of one check of the doctor. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error';
  /** The subject of the check. */
  readonly what: string;
  /** The observation and, unless it is ok, the correction. */
  readonly detail: string;
}

export const ok = (what: string, detail: string): Finding => ({ level: 'ok', what, detail });
export const warning = (what: string, detail: string): Finding => ({ level: 'warning', what, detail });
export const failure = (what: string, detail: string): Finding => ({ level: 'error', what, detail });

/** Runs a check. An exception is a finding too. */
export const checked = async (
  what: string,
  check: () => Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return [await check()].flat();
  } catch (error) {
    return [failure(what, reasonOf(error))];
  }
};

const marks: Readonly<Record<Finding['level'], string>> = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' };

/** The findings as text, one a line, with a summary. */
export const findingsText = (findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ what }) => what.length), 0);
  const lines = findings.map(({ level, what, detail }) => `${marks[level]}  ${what.padEnd(width)}  ${detail}`);
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  return [...lines, '', `errors: ${count('error')}, warnings: ${count('warning')}, passed: ${count('ok')}`].join('\n');
};
