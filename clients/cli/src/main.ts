#!/usr/bin/env node
import { CommanderError } from 'commander';
import { addCompletion } from './completion.ts';
import { exitCode } from './failure.ts';
import { buildProgram } from './program.ts';

// A reader such as head(1) that has enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

let code = 0;
const program = buildProgram((ended) => {
  code = ended;
});

const run = async (): Promise<number> => {
  try {
    await addCompletion(program, process.argv.slice(2));
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCode.usage;
    const { reportOf } = await import('./server/report.ts');
    const report = reportOf(error);
    process.stderr.write(`vsay: ${report.text}\n`);
    return report.exitCode;
  }
};

process.exitCode = await run();
