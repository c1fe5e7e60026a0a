import type { AuditRow } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { csvHeader, csvLine, ndjsonLine } from './export-lines.ts';

const row = (username: string): AuditRow => ({
  seq: 7,
  event_id: 'x'.repeat(22),
  at: '2026-11-25T10:00:00.000Z',
  recorded_at: '2026-11-25T10:00:01.000Z',
  service: 'auth',
  action: 'login',
  actor: { kind: 'user', user_id: 'a'.repeat(24), username, verified: true },
  target: null,
  agent_id: null,
  session_id: null,
  address: '203.0.113.9',
  user_agent: 'curl, "8"',
  result: 'ok',
  reason: null,
  request_id: 'r',
  count: 1,
  details: { role: 'admin' },
});

describe('a line of the download', () => {
  it('has a cell for each column, with quotes doubled', () => {
    const line = csvLine(row('ada'));
    expect(line).toContain('"curl, ""8"""');
    expect(line).toContain('"{""role"":""admin""}"');
    expect(line.endsWith('\r\n')).toBe(true);
    expect(csvHeader.split(',')).toHaveLength(22);
  });

  it('never contains a formula for a spreadsheet', () => {
    for (const name of ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', ' =1', '＝1', '\n@x'])
      expect(csvLine(row(name))).toContain(`"'${name}"`);
    expect(csvLine(row('a=b'))).toContain('"a=b"');
  });

  it('is the whole row as JSON', () => {
    expect(JSON.parse(ndjsonLine(row('ada')))).toEqual(row('ada'));
  });
});
