/** The bounds of the stream protocol. Bytes unless the name says otherwise. */

/** Largest payload of one output frame: 64 KiB carried 80 MB/s where 4 KiB carried 36. */
export const maxOutputFrame = 64 * 1024;
/** Largest payload of one input frame, so that control waits behind at most this much upward. */
export const maxInputFrame = 16 * 1024;
/** What a writer may have sent beyond `applied`. */
export const inputWindow = 256 * 1024;
/** The viewer's output window is kept between these (window = rate x (RTT + 50 ms)). */
export const minOutputWindow = 16 * 1024;
export const maxOutputWindow = 4 * 1024 * 1024;
/** A picture of a screen is never larger, all its parts together. */
export const maxSnapshot = 2 * 1024 * 1024;
/** A machine sends at most so much of a picture beyond what the viewer has rendered. */
export const snapshotWindow = 256 * 1024;
/** Default size of a session's ring. */
export const defaultRingSize = 8 * 1024 * 1024;
/** Largest WebSocket message taken from a client. */
export const maxClientMessage = 1024 * 1024;
/** Columns and rows: 1 to this. */
export const maxWinsize = 1000;
export const defaultCols = 80;
export const defaultRows = 24;
/** Protocol versions of `webxterm.v1` hello that this code speaks. */
export const protocolMin = 1;
export const protocolMax = 1;
