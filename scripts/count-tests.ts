// count-tests.ts REPORT...: `N passed, N failed` from vitest's JSON reports. A file that could not be loaded counts as one failure.
import { readFileSync } from 'node:fs';

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export const countTests = (report: VitestReport): { passed: number; failed: number } => {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
};

const read = (path: string): { passed: number; failed: number } => {
  try {
    return countTests(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // vitest ended without a report: nothing ran that could be counted.
    return { passed: 0, failed: 1 };
  }
};

if (import.meta.main) {
  const counts = process.argv.slice(2).map(read);
  const sum = (of: 'passed' | 'failed'): number => counts.reduce((total, count) => total + count[of], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  // Each run must have run something.
  process.exitCode = sum('failed') > 0 || counts.length === 0 || counts.some(({ passed }) => passed === 0) ? 1 : 0;
}
