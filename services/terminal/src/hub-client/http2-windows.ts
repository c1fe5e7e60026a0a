import { type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

/**
 * Bytes that a hub may have on its way to us for one attachment. Twice the largest output limit (4 MiB), for HTTP/2 gives
 * credit back by halves: an honest machine never comes to it, and one that ignores the limits fills no more than this.
 */
export const streamWindow = 8 * 1024 * 1024;

const bounding: Http2Wrappers = {
  connect: (connect) => (authority, options) =>
    connect(authority, { ...options, settings: { ...options.settings, initialWindowSize: streamWindow } }),
};

/**
 * Makes every HTTP/2 connection that this process opens from now on bound its streams. grpc-js has one option for the window
 * of a connection and of each stream of it, so this is the only way to tell them apart. Idempotent.
 */
export const boundStreamWindows = (): void => wrapHttp2(bounding);
