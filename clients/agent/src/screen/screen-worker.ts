import os from 'node:os';
import { parentPort } from 'node:worker_threads';
import { KeptScreen } from './kept-screen.ts';
import type { FromScreens, ToScreens } from './messages.ts';

/** This thread draws in what time the others leave; on Linux the call is for the calling thread alone. */
const niceness = 10;

const screens = new Map<number, KeptScreen>();
let maxBufferBytes = Number.POSITIVE_INFINITY;

const post = (message: FromScreens): void => parentPort?.postMessage(message);

/** The cells of screens are outside the heap that the worker's limits bound. @throws Error, which ends the worker */
const checkMemory = (): void => {
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers > maxBufferBytes) throw new Error(`the screens of terminals take ${arrayBuffers} bytes`);
};

const act = async (message: ToScreens): Promise<void> => {
  if (message.kind === 'start') {
    ({ maxBufferBytes } = message);
    return;
  }
  const screen = screens.get(message.id);
  if (message.kind === 'close') {
    screen?.dispose();
    screens.delete(message.id);
  } else if (message.kind === 'snapshot') {
    post({ kind: 'snapshot', request: message.request, snapshot: screen?.snapshot() });
  } else {
    const { id, offset, bytes, sizes } = message;
    const fed = screen ?? new KeptScreen(offset, sizes[0] ?? { cols: 80, rows: 24 });
    screens.set(id, fed);
    await fed.feed(bytes, sizes);
    checkMemory();
    post({ kind: 'fed', id, length: bytes.length });
  }
};

if (process.platform === 'linux') os.setPriority(niceness);
// One after the other: a snapshot is of everything that was sent before it was asked for.
let queue = Promise.resolve();
parentPort?.on('message', (message: ToScreens) => {
  queue = queue.then(() => act(message));
});
post({ kind: 'ready' });
