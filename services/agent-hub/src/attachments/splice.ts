import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type DetachReason, encodeDown, encodeUp } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';

/** An attach stream with identity serializers: messages are the Buffers that came off the wire. */
export type RawStream = ServerDuplexStream<Buffer, Buffer>;

/** Ends a stream with a gRPC status other than OK, behind what was written before. */
export const failStream = (stream: RawStream, code: status, details: string): void => {
  if (!stream.writableEnded && !stream.cancelled) stream.emit('error', { code, details });
};

/** Ends the terminal service's stream with a `refused` frame: the viewer is told, and does not come back by itself. */
export const refuseStream = (stream: RawStream, code: string, message: string): void => {
  if (stream.writableEnded || stream.cancelled) return;
  stream.write(wrapFrame(encodeDown({ type: 'refused', code, message })));
  stream.end();
};

/** How a splice is ended from here. */
export type SpliceEnd =
  /** The viewer lost the right: told, and the agent hears why. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string; readonly detach: DetachReason }
  /** The viewer is to come back through another stream; the agent keeps its place. */
  | { readonly kind: 'redial'; readonly details: string; readonly detach: DetachReason | undefined };

export interface Splice {
  /** Resolves when both sides are done. */
  readonly ended: Promise<void>;
  end(how: SpliceEnd): void;
}

/**
 * Joins a viewer's stream and a machine's: messages pass as they are, and each side is read only as fast as the other takes
 * it, so nothing is held here but what gRPC itself holds (16 messages a way). Ends by half-close, never by cancel.
 */
export const splice = (viewer: RawStream, machine: RawStream, heard: () => void): Splice => {
  let over = false;
  let resolveEnded: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    resolveEnded = resolve;
  });
  const once = (act: () => void) => (): void => {
    if (over) return;
    over = true;
    act();
    viewer.resume();
    machine.resume();
    resolveEnded();
  };
  // The machine's side is the gRPC client of its stream: all that a server can do is complete the call.
  const viewerLeft = once(() => {
    machine.end();
    viewer.end();
  });
  const machineDone = once(() => {
    viewer.end();
    machine.end();
  });
  const machineLost = once(() => failStream(viewer, status.UNAVAILABLE, 'the link to the machine broke'));

  viewer.on('data', (message: Buffer) => {
    if (!over && !machine.write(message)) viewer.pause();
  });
  machine.on('data', (message: Buffer) => {
    heard();
    if (!over && !viewer.write(message)) machine.pause();
  });
  viewer.on('drain', () => machine.resume());
  machine.on('drain', () => viewer.resume());
  viewer.on('end', viewerLeft);
  viewer.on('cancelled', viewerLeft);
  machine.on('end', machineDone);
  machine.on('cancelled', machineLost);
  if (viewer.cancelled) viewerLeft();
  if (machine.cancelled) machineLost();
  viewer.resume();
  machine.resume();

  const end = (how: SpliceEnd): void => {
    once(() => {
      if (how.detach !== undefined && !machine.cancelled)
        machine.write(wrapFrame(encodeUp({ type: 'detach', reason: how.detach })));
      machine.end();
      if (how.kind === 'refuse') refuseStream(viewer, how.code, how.message);
      else failStream(viewer, status.UNAVAILABLE, how.details);
    })();
  };
  return { ended, end };
};
