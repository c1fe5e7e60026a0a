import { AppError } from '@webxterm/shared';
import type { RawData, WebSocket } from 'ws';
import { readClientMessage, type ServerMessage } from './json-messages.ts';
import { type ClientWords, RawViewer, type RawViewerOptions } from './raw-viewer.ts';

const toBuffer = (message: RawData): Buffer => {
  if (Buffer.isBuffer(message)) return message;
  return Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message);
};

const rawWords = (socket: WebSocket): ClientWords => ({
  output: (bytes, taken) => socket.send(bytes, { binary: true }, taken),
  // Raw clients get errors only as a close code.
  error: () => {},
});

/** Opens a raw viewer (no subprotocol). Every received message is input, and every sent message is output. */
export const openRaw = (options: Omit<RawViewerOptions, 'words'>): RawViewer => {
  const viewer = new RawViewer({ ...options, words: rawWords(options.socket) });
  options.socket.on('message', (message) => viewer.type(toBuffer(message)));
  return viewer;
};

const textOf = (message: ServerMessage): string => JSON.stringify(message);

const jsonWords = (socket: WebSocket): ClientWords => {
  // Frames may split characters, so the decoder keeps incomplete ones. Invalid bytes become U+FFFD.
  const decoder = new TextDecoder('utf-8');
  return {
    output: (bytes, taken) => {
      const output = decoder.decode(bytes, { stream: true });
      if (output === '') taken();
      else socket.send(textOf({ type: 'output', output }), taken);
    },
    error: (error) => socket.send(textOf({ type: 'error', error: error.message })),
  };
};

/** Opens a `webxterm.json` viewer. Every message is one JSON object. */
export const openJson = (options: Omit<RawViewerOptions, 'words'>): RawViewer => {
  const words = jsonWords(options.socket);
  const viewer = new RawViewer({ ...options, words });
  options.socket.on('message', (message) => {
    try {
      const read = readClientMessage(toBuffer(message).toString('utf8'));
      if (read.type === 'input') viewer.type(Buffer.from(read.input));
      else viewer.resize(read.cols, read.rows);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      // An invalid message gets an error and is ignored. Text that is not JSON means a wrong protocol, so the viewer ends.
      if (error.code === 'invalid_input') words.error(error);
      else viewer.fail(error);
    }
  });
  return viewer;
};
