import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type DownFrame, encodeDown, maxOutputFrame } from '@webxterm/contracts/frames';
import { framesIn, joinFrames } from '../chunk-codec.ts';
import { LineBlocks } from './line-blocks.ts';
import type { FromIndexWorker, IndexedKeyframe, IndexJob, ToIndexWorker } from './messages.ts';
import { RecordedScreen } from './recorded-screen.ts';

/** Low priority, so that terminals go first. On Linux the call applies to the calling thread only. */
const niceness = 10;

const job: IndexJob = workerData;
const blocks = new LineBlocks(job.searchKey);
const screen = new RecordedScreen(job, (ms, text) => blocks.add(ms, text));
/** Since the last keyframe. */
const since = { bytes: Number.POSITIVE_INFINITY, ms: 0 };

/** Where a chunk begins: it has its size and time in its first two frames. */
const beginOf = ([size, times]: readonly DownFrame[]): { offset: number; ms: number } => ({
  offset: size?.type === 'size' ? size.offset : 0,
  ms: times?.type === 'times' ? (times.marks[0]?.ms ?? 0) : 0,
});

const keyframeAt = (n: number, { offset, ms }: { offset: number; ms: number }): IndexedKeyframe | undefined => {
  const drawn = screen.keyframe();
  if (drawn === undefined) return undefined;
  const { cols, rows, held } = drawn;
  const state = Buffer.from(drawn.state);
  const frames: DownFrame[] = [{ type: 'size', offset, cols, rows }];
  for (let at = 0; at < state.length; at += maxOutputFrame) {
    const payload = state.subarray(at, at + maxOutputFrame);
    frames.push({ type: 'snapshot', offset, last: at + maxOutputFrame >= state.length, payload });
  }
  if (held.length > 0) frames.push({ type: 'output', offset: offset - held.length, payload: held });
  return { n, ms, plain: joinFrames(frames.map((frame) => encodeDown(frame))) };
};

/** Output may cost a thousand times what it usually does: a screen of 1,000 lines and columns that is erased by each four bytes. */
const isSpent = (): boolean => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000 > job.cpuMs;
};
const lookEveryMs = 100;

/** @returns false: its time was used up meanwhile */
const draw = async (frames: readonly DownFrame[]): Promise<boolean> => {
  const drawn = Promise.withResolvers<boolean>();
  // The emulator gives way between its writes.
  const timer = setInterval(() => {
    if (isSpent()) drawn.resolve(false);
  }, lookEveryMs);
  screen.draw(frames).then(() => drawn.resolve(true), drawn.reject);
  try {
    return await drawn.promise;
  } finally {
    clearInterval(timer);
  }
};

type Drawn = { readonly keyframe: IndexedKeyframe | undefined; readonly spent: boolean };

const next = async ({ n, plain }: Extract<ToIndexWorker, { kind: 'chunk' }>): Promise<Drawn> => {
  const frames = framesIn(Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength));
  const begin = beginOf(frames);
  const due = since.bytes >= job.everyBytes || begin.ms - since.ms >= job.everyMs;
  const keyframe = due ? keyframeAt(n, begin) : undefined;
  if (keyframe !== undefined) Object.assign(since, { bytes: 0, ms: begin.ms });
  since.bytes += plain.length;
  blocks.drawn(plain.length);
  return { keyframe, spent: isSpent() || !(await draw(frames)) };
};

const act = async (message: ToIndexWorker): Promise<FromIndexWorker> => {
  const { keyframe, spent }: Drawn =
    message.kind === 'chunk' ? await next(message) : { keyframe: undefined, spent: false };
  if (message.kind === 'end') screen.end();
  const last = message.kind === 'end' || spent;
  if (last) blocks.end();
  const { all, cut } = screen.commands;
  return {
    ...{ blocks: blocks.take(), cut: blocks.cut || spent, spent },
    ...(keyframe !== undefined && { keyframe }),
    ...(last && { commands: { commands: all, cut: cut || spent } }),
  };
};

if (process.platform === 'linux') os.setPriority(niceness);
parentPort?.on('message', (message: ToIndexWorker) => {
  // A chunk that cannot be drawn ends the worker.
  void act(message).then((answer) => parentPort?.postMessage(answer));
});
