import { exitForUsage, exitWithHelp, parseCommandLine } from '../command-line/command-line.ts';
import { checked, type Finding, findingsText } from './finding.ts';

const readArguments = (usage: string): { readonly json: boolean } => {
  try {
    const { values } = parseCommandLine(process.argv.slice(2), {
      options: { json: { type: 'boolean', default: false } },
      positionals: 0,
    });
    return values.help ? exitWithHelp(usage) : values;
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

/** Runs a doctor program: prints its findings as text or, with `--json`, as JSON. The process exits with 1 if one is an error. */
export const runDoctor = async (usage: string, examine: () => Promise<readonly Finding[]>): Promise<void> => {
  const { json } = readArguments(usage);
  // Wrong settings are a finding too.
  const findings = await checked('settings', examine);
  process.stdout.write(`${json ? JSON.stringify(findings, null, 2) : findingsText(findings)}\n`);
  process.exitCode = findings.some(({ level }) => level === 'error') ? 1 : 0;
};
