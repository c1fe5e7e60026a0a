import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RawStream } from './splice.ts';

/** Time limit for an agent to open a requested stream. */
export const attachWithinMs = 3000;

/** The metadata of an agent's attach stream: its link, and the id and secret of the request. */
export interface Claim {
  readonly linkId: string;
  readonly attachId: string;
  readonly secret: Buffer;
}

interface Expected {
  readonly linkId: string;
  readonly secret: Buffer;
  readonly settle: (stream: RawStream | undefined) => void;
}

/** One requested attach stream. The hub sends its id and secret to the agent. `arrived` resolves with the stream, or undefined if none came. */
export interface Appointment {
  readonly attachId: string;
  readonly secret: Buffer;
  readonly arrived: Promise<RawStream | undefined>;
  cancel(): void;
}

/** Matches the attach streams that agents open with the attachments that requested them. */
export class Rendezvous {
  readonly #expected = new Map<string, Expected>();

  expect(linkId: string): Appointment {
    const attachId = randomBytes(16).toString('base64url');
    const secret = randomBytes(16);
    let settle: (stream: RawStream | undefined) => void = () => {};
    const arrived = new Promise<RawStream | undefined>((resolve) => {
      const timer = setTimeout(() => settle(undefined), attachWithinMs);
      settle = (stream) => {
        clearTimeout(timer);
        this.#expected.delete(attachId);
        resolve(stream);
      };
    });
    this.#expected.set(attachId, { linkId, secret, settle });
    return { attachId, secret, arrived, cancel: () => settle(undefined) };
  }

  /** Whether an attachment awaits this stream: link, id and secret match. It does not consume the request. */
  awaits(claim: Claim): boolean {
    return this.#find(claim) !== undefined;
  }

  /**
   * Hands a stream to the attachment that awaits it, once.
   * @returns false if link, id or secret do not match. The request stays open then, so a forged stream does not cancel it.
   */
  meet(claim: Claim, stream: RawStream): boolean {
    const expected = this.#find(claim);
    expected?.settle(stream);
    return expected !== undefined;
  }

  #find({ linkId, attachId, secret }: Claim): Expected | undefined {
    const expected = this.#expected.get(attachId);
    if (expected === undefined || expected.linkId !== linkId) return undefined;
    if (expected.secret.length !== secret.length || !timingSafeEqual(expected.secret, secret)) return undefined;
    return expected;
  }
}
