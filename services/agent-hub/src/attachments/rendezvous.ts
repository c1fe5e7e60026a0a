import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RawStream } from './splice.ts';

/** How long an agent has to open the stream that it was asked for. */
export const attachWithinMs = 3000;

/** What an agent shows with the stream that it brings. */
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

/** One asked-for attach stream: its id and secret go to the agent, `arrived` resolves with the stream, or undefined. */
export interface Appointment {
  readonly attachId: string;
  readonly secret: Buffer;
  readonly arrived: Promise<RawStream | undefined>;
  cancel(): void;
}

/** Where the attach streams that agents open meet the attachments that asked for them. */
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

  /** Whether an attachment waits for this stream, under this link, id and secret. What is waited for goes on waiting. */
  awaits(claim: Claim): boolean {
    return this.#find(claim) !== undefined;
  }

  /**
   * Hands a stream to the attachment that waits for it, once.
   * @returns false when nobody waits for it under this link, id and secret; what is waited for goes on waiting then, so that
   * a forger cannot spoil it
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
