import type { BytesKind } from '../session/session-kind.ts';
import type { AllowedTargets } from './allowed-targets.ts';
import { connectTarget } from './connect-target.ts';
import type { NameLookups } from './name-lookups.ts';
import { lostByUpdate, TcpProcess } from './tcp-process.ts';

/** Fewer than the 512 streams of a link, so that forwards never keep a terminal from opening. */
const bounds = { group: 'forwarded connections', perUser: 256, ofAll: 384 } as const;

/**
 * Half of it and one read of 64 KiB are at most on their way to a viewer, or wait for one that reads nothing. As for files, more would delay
 * the keys of terminals on the same machine (ADR 40).
 */
const ringSize = 256 * 1024;

/** Sessions of kind `tcp`: one connection each from this machine to a target that it forwards to. */
export const tcpKind = (allowed: AllowedTargets, lookups: NameLookups): BytesKind => ({
  name: 'tcp',
  output: 'bytes',
  endsWithViewer: true,
  lossless: true,
  ringSize,
  bounds,
  notStarted: { code: 'forward_failed', what: 'the connection' },
  prepare: async ({ target, owner }) => {
    const socket = await connectTarget(target, allowed, (host, late) => lookups.addressesOf(host, owner, late));
    return (events) => new TcpProcess(socket, events, () => socket.resetAndDestroy());
  },
  adopt: (_handed, events) => lostByUpdate(events),
});
