import { EdgeKind } from '@webxterm/contracts/grpc';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Measures } from './measure.ts';

it('counts attachments by protocol, and events of sessions', async () => {
  const registry = new Registry();
  const { attachments, sessions, recordingIndexed } = new Measures(registry);
  for (const edge of [EdgeKind.EDGE_KIND_V1, EdgeKind.EDGE_KIND_V1, EdgeKind.EDGE_KIND_RAW]) attachments.opened(edge);
  attachments.closed(EdgeKind.EDGE_KIND_V1);
  attachments.unreachable();
  attachments.reattached('accepted');
  attachments.reattached('machine_offline');
  attachments.lost(12);
  sessions.opened();
  sessions.opened();
  sessions.closed();
  recordingIndexed({}, 2, false);
  recordingIndexed({}, 1, true);
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.sort()).toEqual([
    'webxterm_terminal_attachments{protocol="json"} 0',
    'webxterm_terminal_attachments{protocol="raw"} 1',
    'webxterm_terminal_attachments{protocol="recorder"} 0',
    'webxterm_terminal_attachments{protocol="v1"} 1',
    'webxterm_terminal_output_lost_bytes_total 12',
    'webxterm_terminal_reattaches_total{outcome="accepted"} 1',
    'webxterm_terminal_reattaches_total{outcome="machine_offline"} 1',
    'webxterm_terminal_recording_index_seconds_total 3',
    'webxterm_terminal_recording_indexes_total{outcome="failed"} 1',
    'webxterm_terminal_recording_indexes_total{outcome="ready"} 1',
    'webxterm_terminal_sessions_closed_total 1',
    'webxterm_terminal_sessions_opened_total 2',
    'webxterm_terminal_unreachable_waits_total 1',
  ]);
});
