/** The bounds of the stream protocol. Bytes unless the name says otherwise. */

/** Largest payload of one output frame. 64 KiB carried 80 MB/s, 4 KiB carried 36 MB/s. */
export const maxOutputFrame = 64 * 1024;
/** Largest payload of one input frame. A control frame towards the machine waits behind at most this much. */
export const maxInputFrame = 16 * 1024;
/** Largest amount of input that a writer may send beyond `applied`. */
export const inputWindow = 256 * 1024;
/** Bounds of the viewer's output window (window = rate x (RTT + 50 ms)). */
export const minOutputWindow = 16 * 1024;
export const maxOutputWindow = 4 * 1024 * 1024;
/** Largest screen snapshot, all parts together. */
export const maxSnapshot = 2 * 1024 * 1024;
/** A machine sends at most this much of a snapshot beyond the rendered part. */
export const snapshotWindow = 256 * 1024;
/** Largest number of marks in a `times` frame. */
export const maxTimeMarks = 4095;
/** Largest WebSocket message accepted from a client. */
export const maxClientMessage = 1024 * 1024;
/** Largest number of columns, and of rows. The smallest is 1. */
export const maxWinsize = 1000;
export const defaultCols = 80;
export const defaultRows = 24;
/** Supported protocol versions in the `webxterm.v1` hello. */
export const protocolMin = 1;
export const protocolMax = 1;
