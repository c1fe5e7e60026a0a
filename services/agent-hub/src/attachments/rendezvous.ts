import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RawStream } from './splice.ts';

/** How long an agent has to open the stream that it was asked for. */
export const attachWithinMs = 3000;

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

  /**
   * Hands a stream to the attachment that waits for it, once.
   * @returns false when nobody waits for it under this link, id and secret; what is waited for goes on waiting then, so that
   * a forger cannot spoil it
   */
  meet(claim: { linkId: string; attachId: string; secret: Buffer }, stream: RawStream): boolean {
    const expected = this.#expected.get(claim.attachId);
    if (expected === undefined) return false;
    if (expected.linkId !== claim.linkId) return false;
    if (expected.secret.length !== claim.secret.length || !timingSafeEqual(expected.secret, claim.secret)) return false;
    expected.settle(stream);
    return true;
  }
}
