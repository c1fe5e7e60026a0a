// count-tests.ts REPORT...: the failed tests by name with the first line of their errors, then `N passed, N failed`, from vitest's JSON
// reports. A file that could not be loaded counts as one failure.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Outcome {
  readonly passed: number;
  /** A line for each failure: the file, the test, and the first line of its error. */
  readonly failures: readonly string[];
}

const firstLine = (text: string | undefined): string => text?.split('\n', 1)[0] ?? '';

export const outcomeOf = (report: VitestReport, root = process.cwd()): Outcome => ({
  passed: report.numPassedTests,
  failures: report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}: could not be loaded: ${firstLine(message)}`];
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0])}`);
  }),
});

const read = (path: string): Outcome => {
  try {
    return outcomeOf(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // vitest ended without a report: nothing ran that could be counted.
    return { passed: 0, failures: [`${path}: no report: ${firstLine(String(error))}`] };
  }
};

if (import.meta.main) {
  const outcomes = process.argv.slice(2).map(read);
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  for (const failure of failures) console.log(failure);
  console.log(`${outcomes.reduce((total, { passed }) => total + passed, 0)} passed, ${failures.length} failed`);
  // Each run must have run something.
  process.exitCode =
    failures.length > 0 || outcomes.length === 0 || outcomes.some(({ passed }) => passed === 0) ? 1 : 0;
}
