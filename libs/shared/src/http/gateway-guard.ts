import { clocksDiffer } from '../clock/clocks-differ.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { type GatewayFacts, gatewayHeaderNames, type HopRequest, maxSkewMs, readProof } from './gateway-proof.ts';

/** Nonces are dropped in slices of this many ms, by the time of their proofs. */
const sliceMs = 10_000;
/** At most one log line per kind of rejection in this time, in ms, because any client that reaches the port can cause rejections. */
const logEveryMs = 10_000;

/** The nonces of proofs whose time is still valid. */
class Nonces {
  readonly #slices = new Map<number, Set<string>>();

  /** Returns false if the nonce was used before. */
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

/** The gateway sent the request, but its clock differs too much from this service's. The request was not executed. */
export class GatewayClockError extends AppError {
  readonly gatewayAheadSeconds: number;

  constructor(gatewayAheadSeconds: number) {
    const { code, message } = clocksDiffer();
    super(code, message);
    this.gatewayAheadSeconds = gatewayAheadSeconds;
  }
}

const reasons = {
  absent: 'the request has no proof of the gateway',
  wrong: 'the proof does not match this request or this GATEWAY_KEY',
  clock: 'the time of the proof differs too much: do the clocks of the gateway and of this machine agree?',
  repeated: 'the proof was used before',
} as const;
type Reason = keyof typeof reasons;

/** Accepts each request of the gateway unchanged and once. Each server of a service has its own guard. */
export class GatewayGuard {
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

  /** The facts about the request, or the error to answer: `not_gateway`, or `unavailable` when the clocks differ. */
  check(request: HopRequest): GatewayFacts | AppError {
    if (request.headers[gatewayHeaderNames.proof] === undefined) return this.#refuse('absent');
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
