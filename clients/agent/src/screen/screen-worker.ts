import os from 'node:os';
import { parentPort } from 'node:worker_threads';
import { KeptScreen } from './kept-screen.ts';
import type { FromScreens, ToScreens } from './messages.ts';

/** Low priority, so that other threads run first. On Linux the call applies to the calling thread only. */
const niceness = 10;

const screens = new Map<number, KeptScreen>();
let maxBufferBytes = Number.POSITIVE_INFINITY;

const post = (message: FromScreens): void => parentPort?.postMessage(message);

/** The cells of screens are outside the heap, so the worker's limits do not bound them. @throws Error, which ends the worker */
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
  } else if (message.kind === 'restore') {
    screens.set(message.id, await KeptScreen.restored(message.snapshot));
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
// Messages are handled in order, so a snapshot includes all output sent before its request.
let queue = Promise.resolve();
parentPort?.on('message', (message: ToScreens) => {
  queue = queue.then(() => act(message));
});
post({ kind: 'ready' });
