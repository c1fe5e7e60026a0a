import { type Http2Wrappers, wrapHttp2 } from '@webxterm/contracts/grpc';

/**
 * HTTP/2 receive window of one attachment in bytes. It is twice the largest output limit (4 MiB), because HTTP/2 returns credit by
 * halves. An honest machine never fills it. A machine that ignores the limits can fill at most this much.
 */
export const streamWindow = 8 * 1024 * 1024;

const bounding: Http2Wrappers = {
  connect: (connect) => (authority, options) =>
    connect(authority, { ...options, settings: { ...options.settings, initialWindowSize: streamWindow } }),
};

/**
 * Sets this stream window on every HTTP/2 connection that this process opens from now on. grpc-js has only one option for the windows of
 * a connection and of its streams, so this is the only way to set them separately. Idempotent.
 */
export const boundStreamWindows = (): void => wrapHttp2(bounding);
