import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type DetachReason, encodeDown, encodeUp } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import { passedBuffers } from '@webxterm/shared';

/** Counts of what all splices of this process have passed on. Plain numbers, because each message of a terminal changes them. */
export const traffic = {
  /** Bytes of gRPC messages. */
  bytesToViewers: 0,
  bytesToMachines: 0,
  /** Times that a machine was not read because its viewer accepted no more, and the other way round. */
  machinesHeld: 0,
  viewersHeld: 0,
};

/** An attach stream with identity serializers: its messages are undecoded Buffers. */
export type RawStream = ServerDuplexStream<Buffer, Buffer>;

/** Ends a stream with a gRPC status other than OK, after the messages written before. */
export const failStream = (stream: RawStream, code: status, details: string): void => {
  if (!stream.writableEnded && !stream.cancelled) stream.emit('error', { code, details });
};

/** Ends the terminal service's stream with a `refused` frame. The viewer shows the error and does not reconnect by itself. */
export const refuseStream = (stream: RawStream, code: string, message: string): void => {
  if (stream.writableEnded || stream.cancelled) return;
  stream.write(wrapFrame(encodeDown({ type: 'refused', code, message })));
  stream.end();
};

/** How the hub ends a splice. */
export type SpliceEnd =
  /** The viewer lost the right. The viewer gets the error, and the agent gets the reason of the detach. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string; readonly detach: DetachReason }
  /** The viewer should reconnect through another stream. The agent treats it as a broken connection, so a driver keeps its hold. */
  | { readonly kind: 'redial'; readonly details: string; readonly detach: DetachReason | undefined };

export interface Splice {
  /** Resolves when both streams have ended. */
  readonly ended: Promise<void>;
  end(how: SpliceEnd): void;
}

/**
 * Connects a viewer's stream with an agent's stream. Messages pass unchanged. Each side is read only as fast as the other accepts
 * messages, so only gRPC itself buffers them (16 messages per direction). Ends by half-close, never by cancel.
 */
export const splice = (viewer: RawStream, machine: RawStream, onData: () => void): Splice => {
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
  // The agent is the gRPC client of its stream, so the hub can only complete the call.
  const viewerLeft = once(() => {
    machine.end();
    viewer.end();
  });
  const machineDone = once(() => {
    viewer.end();
    machine.end();
  });
  const machineLost = once(() => failStream(viewer, status.UNAVAILABLE, 'the stream to the machine broke'));

  viewer.on('data', (message: Buffer) => {
    if (over) return;
    traffic.bytesToMachines += message.length;
    if (machine.write(message)) return;
    traffic.viewersHeld += 1;
    viewer.pause();
  });
  machine.on('data', (message: Buffer) => {
    onData();
    passedBuffers.passed(message.length);
    if (over) return;
    traffic.bytesToViewers += message.length;
    if (viewer.write(message)) return;
    traffic.machinesHeld += 1;
    machine.pause();
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
