import { clocksDiffer } from '../clock/clocks-differ.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { type EdgeFacts, edgeHeader, type HopRequest, maxSkewMs, readProof } from './edge-proof.ts';

/** Nonces are dropped by the time of their proofs, so many ms at once. */
const sliceMs = 10_000;
/** Of refusals of one kind, one line in so many ms: anybody who reaches the port can cause them. */
const logEveryMs = 10_000;

/** The nonces of proofs whose time still counts. */
class Nonces {
  readonly #slices = new Map<number, Set<string>>();

  /** False when it was taken before. */
  take(nonce: string, time: number, now: number): boolean {
    const slice = Math.floor(time / sliceMs);
    let taken = this.#slices.get(slice);
    if (taken === undefined) {
      for (const old of this.#slices.keys()) if ((old + 1) * sliceMs + maxSkewMs < now) this.#slices.delete(old);
      taken = new Set();
      this.#slices.set(slice, taken);
    }
    if (taken.has(nonce)) return false;
    taken.add(nonce);
    return true;
  }
}

/** The gateway sent it, by a clock that is too far from this service's. Nothing of it was done. */
export class GatewayClockError extends AppError {
  readonly gatewayAheadSeconds: number;

  constructor(gatewayAheadSeconds: number) {
    const { code, message } = clocksDiffer();
    super(code, message);
    this.gatewayAheadSeconds = gatewayAheadSeconds;
  }
}

const reasons = {
  absent: 'it carries no proof of the gateway',
  wrong: 'the proof is not for this request, or of another GATEWAY_KEY',
  clock: 'the proof is of another time: do the clocks of the gateway and of this machine agree?',
  repeated: 'the proof was used before',
} as const;
type Reason = keyof typeof reasons;

/** Lets in what the gateway sent as it is, once. One for each server of a service. */
export class EdgeGuard {
  readonly #key: Buffer;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #nonces = new Nonces();
  readonly #logged = new Map<Reason, { at: number; unlogged: number }>();

  constructor(key: Buffer, logger: Logger, now: () => number = Date.now) {
    this.#key = key;
    this.#logger = logger;
    this.#now = now;
  }

  /** The facts about the request, or the error to answer: `not_gateway`; `unavailable` when the clocks differ. */
  check(request: HopRequest): EdgeFacts | AppError {
    if (request.headers[edgeHeader.proof] === undefined) return this.#refuse('absent');
    const proven = readProof(this.#key, request);
    if (proven === undefined) return this.#refuse('wrong');
    const now = this.#now();
    if (Math.abs(now - proven.time) >= maxSkewMs) return this.#refuse('clock', (proven.time - now) / 1000);
    if (!this.#nonces.take(proven.nonce, proven.time, now)) return this.#refuse('repeated');
    return proven.facts;
  }

  #refuse(reason: Reason, secondsAhead?: number): AppError {
    this.#log(reason, secondsAhead);
    return secondsAhead === undefined ? new AppError('not_gateway') : new GatewayClockError(Math.round(secondsAhead));
  }

  #log(reason: Reason, secondsAhead?: number): void {
    const now = this.#now();
    const last = this.#logged.get(reason);
    if (last !== undefined && now - last.at < logEveryMs) {
      last.unlogged += 1;
      return;
    }
    this.#logged.set(reason, { at: now, unlogged: 0 });
    this.#logger.warn(
      {
        code: secondsAhead === undefined ? 'not_gateway' : 'unavailable',
        reason: reasons[reason],
        ...(secondsAhead === undefined ? {} : { gateway_ahead_s: Math.round(secondsAhead) }),
        ...(last === undefined ? {} : { more_since_last_line: last.unlogged }),
      },
      secondsAhead === undefined
        ? 'refused a request that the gateway did not send'
        : 'refused a request of the gateway: the clocks differ',
    );
  }
}
