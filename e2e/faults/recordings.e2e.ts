import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, onlineMachine } from '../support/rest.ts';
import { type Bed, makeBed } from './bed.ts';

let bed: Bed;

beforeAll(async () => {
  bed = await makeBed();
}, 300_000);
afterAll(async () => {
  await bed?.stop();
}, 60_000);

interface Recorded {
  readonly recording_id: string;
  readonly status: string;
  readonly complete: boolean;
  readonly lost_bytes: number;
  readonly bytes: number;
  readonly chunks: number;
}

const recordingOf = (sessionId: string, status: 'recording' | 'ended', withinMs = 60_000): Promise<Recorded> =>
  eventually(
    `the recording to be ${status}`,
    async () => {
      const { body } = await bed.rest.get<{ recordings: Recorded[] }>(
        `/api/recordings?session_id=${sessionId}&status=${status}`,
      );
      return body.recordings[0];
    },
    withinMs,
  );

/** Opens a terminal that is recorded. The machine may have dialled again because of the fault before. */
const openRecorded = async (mode: 'on' | 'required'): Promise<RawTerminal> => {
  await bed.rest.send('PATCH', '/api/recording-policy', { mode });
  await onlineMachine(bed.rest);
  const terminal = await RawTerminal.open(bed.stack.url, bed.agentId, { token: bed.rest.token ?? '' });
  await terminal.run('true');
  await recordingOf(terminal.sessionId, 'recording');
  return terminal;
};

/** The output of a recording between its gaps, with the times of its events in seconds since its start. */
const played = async (recordingId: string): Promise<{ text: string; parts: string[]; times: number[] }> => {
  const answer = await fetch(`${bed.stack.url}/api/recordings/${recordingId}/cast?version=2`, {
    headers: { authorization: `Bearer ${bed.rest.token}` },
  });
  const [, ...lines] = (await answer.text()).trimEnd().split('\n');
  const events = lines.map((line): [number, string, string] => JSON.parse(line));
  const parts = [''];
  for (const [, code, data] of events) {
    if (code === 'm') parts.push('');
    if (code === 'o') parts.push(`${parts.pop()}${data}`);
  }
  return {
    text: parts.join(''),
    parts,
    times: events.map(([time]) => time),
  };
};

const numbersIn = (text: string): number[] => [...text.matchAll(/^n-(\d+)\r?$/gm)].map(([, number]) => Number(number));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const expectOrdered = (times: readonly number[]): void => {
  for (const [index, time] of times.entries()) expect(time).toBeGreaterThanOrEqual(times[index - 1] ?? 0);
};

/** The database freezes for `ms`. */
const freezeDatabase = async (during: () => Promise<unknown>): Promise<void> => {
  const name = bed.stack.processes().find((process) => process.name.startsWith('mongo'))?.name ?? '';
  bed.signal(name, 'SIGSTOP');
  try {
    await during();
  } finally {
    bed.signal(name, 'SIGCONT');
  }
};

describe('a recording', () => {
  it('has every line once, in order and at times that do not go back, while each relay is killed in turn', async () => {
    const count = 1500;
    const terminal = await openRecorded('on');
    const { sessionId } = terminal;
    await terminal.type(`i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo n-$i; sleep 0.01; done; exit 5\n`);
    for (const name of ['terminal-1', 'terminal-2', 'agent-hub-1', 'agent-hub-2', 'terminal-2', 'terminal-1'])
      await bed.stack.kill(name);
    bed.link.cut();
    const recording = await recordingOf(sessionId, 'ended', 200_000);
    expect(recording).toMatchObject({ complete: true, lost_bytes: 0 });
    const { text, times } = await played(recording.recording_id);
    expect(numbersIn(text)).toEqual(upTo(count));
    expectOrdered(times);
  }, 300_000);

  it('that is required makes the shell wait while the database is away, and loses nothing', async () => {
    const count = 3_000_000;
    const terminal = await openRecorded('required');
    const { sessionId } = terminal;
    let [before, stood] = [terminal.received, 0];
    await freezeDatabase(async () => {
      await terminal.type(`seq -f n-%.0f 1 ${count}; exit\n`);
      // At most a ring of output, and what the shell had written before it was stopped.
      await eventually(
        'the shell to wait',
        async () => {
          await new Promise((resolve) => setTimeout(resolve, 1000));
          const now = terminal.received;
          stood = now === before && now > 1024 * 1024 ? stood + 1 : 0;
          before = now;
          return stood === 3 ? true : undefined;
        },
        90_000,
      );
      expect(terminal.received).toBeLessThan(9 * 1024 * 1024);
    });
    await terminal.closed;
    const recording = await recordingOf(sessionId, 'ended');
    expect(recording).toMatchObject({ complete: true, lost_bytes: 0, bytes: terminal.received });
    const { text, times } = await played(recording.recording_id);
    expect(text).toBe(terminal.output.toString());
    expectOrdered(times);
  }, 300_000);

  it('that is only on lets the shell go on, and reports what is missing: all else is there once', async () => {
    const count = 3_000_000;
    const terminal = await openRecorded('on');
    const { sessionId } = terminal;
    await freezeDatabase(async () => {
      await terminal.type(`seq -f n-%.0f 1 ${count}; echo over-$((1+1))\n`);
      await terminal.untilText('over-2', 120_000);
    });
    await terminal.type('exit\n');
    await terminal.closed;
    const recording = await recordingOf(sessionId, 'ended');
    expect(recording.complete).toBe(false);
    expect(recording.lost_bytes).toBeGreaterThan(0);
    expect(recording.bytes + recording.lost_bytes).toBe(terminal.received);
    const { parts } = await played(recording.recording_id);
    expect(parts.length).toBeGreaterThan(1);
    // A gap begins and ends within a line.
    const wholeLines = parts.map((part) => part.slice(part.indexOf('\n') + 1, part.lastIndexOf('\n') + 1));
    const numbers = numbersIn(wholeLines.join(''));
    for (const [index, number] of numbers.entries()) expect(number).toBeGreaterThan(numbers[index - 1] ?? 0);
    expect(numbers.at(-1)).toBe(count);
    const { body } = await bed.rest.get<{ events: { details: { recording_id?: string } }[] }>(
      '/api/audit?action=recording_gap',
    );
    expect(body.events.some(({ details }) => details.recording_id === recording.recording_id)).toBe(true);
  }, 300_000);
});
