import { describe, expect, it } from 'vitest';
import { lostSessions } from './lost-sessions.ts';

const linkedAt = Date.parse('2026-01-01T12:00:00.000Z');
const session = (session_id: string, openedBeforeMs: number | undefined) => ({
  session_id,
  created_at: new Date(linkedAt - 60_000),
  opened_at: openedBeforeMs === undefined ? null : new Date(linkedAt - openedBeforeMs),
});
const event = (...session_ids: string[]) => ({ linked_at: new Date(linkedAt).toISOString(), session_ids });

describe('lostSessions', () => {
  it('finds sessions that were open before the link and are not in the list', () => {
    expect(lostSessions([session('gone', 60_000), session('kept', 60_000)], event('kept', 'new'))).toEqual(['gone']);
  });

  it('spares sessions that were opened after the link began, however early they were named', () => {
    expect(lostSessions([session('since', -10), session('same moment', 0)], event())).toEqual([]);
  });

  it('spares sessions that were opened within the difference of the clocks before the link', () => {
    expect(lostSessions([session('close', 4999), session('far', 5001)], event())).toEqual(['far']);
  });

  it('uses the time of the naming if a record has no time of opening', () => {
    expect(lostSessions([session('old', undefined)], event())).toEqual(['old']);
  });
});
