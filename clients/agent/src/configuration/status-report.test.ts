import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { StatusReport } from './status-report.ts';

it('logs each problem of an outage once, at most 20, and keeps the last one in the status', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'status-report-'));
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const configPath = path.join(folder, 'agent.yaml');
  const report = new StatusReport({ configPath, processUid: 1000, log, sessionCount: () => 0 });
  // Two hubs that do not answer, asked in random order.
  for (let round = 0; round < 10; round += 1)
    for (const hub of ['one', 'other']) await report.reportProblem(`The hub ${hub} does not answer.`);
  expect(lines).toEqual(['The hub one does not answer.', 'The hub other does not answer.']);
  for (let count = 0; count < 100; count += 1) await report.reportProblem(`reason ${count}`);
  expect(lines).toHaveLength(20);
  expect(report.status.problem).toBe('reason 99');
  expect(readFileSync(path.join(folder, 'agent.status.json'), 'utf8')).toContain('reason 99');
  report.clearProblem();
  await report.reportProblem('The hub one does not answer.');
  expect(lines.at(-1)).toBe('The hub one does not answer.');
  rmSync(folder, { recursive: true });
});
