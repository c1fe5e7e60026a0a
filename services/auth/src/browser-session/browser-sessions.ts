import { AppError, type Logger } from '@webxterm/shared';
import { hashSid } from '@webxterm/shared/api';
import type { Signin } from '../signins/signin.ts';
import type { SigninStore } from '../signins/signin-store.ts';
import type { Signins } from '../signins/signins.ts';
import { bind, newPair, type Pair, pairHash, rotate, stateOf } from './pair.ts';

export interface BrowserSessionsOptions {
  readonly store: SigninStore;
  readonly signins: Pick<Signins, 'end'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** A sign-in of a browser, and the pair for its next request. */
export interface HeldSignin {
  readonly sid: string;
  readonly signin: Signin;
  readonly pair: Pair;
}

/** Sign-ins that browsers resume after a reload. */
export class BrowserSessions {
  readonly #options: BrowserSessionsOptions;
  readonly #now: () => number;

  constructor(options: BrowserSessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Binds the browser to its new sign-in. @throws AppError unauthenticated */
  async bind(sid: string): Promise<HeldSignin> {
    const pair = newPair();
    const sidHash = hashSid(sid);
    const bound = await this.#options.store.bindBrowser(sidHash, bind(pair, sid, new Date(this.#now())));
    const signin = bound ? await this.#options.store.bySidHash(sidHash) : null;
    if (signin === null) throw new AppError('unauthenticated');
    return { sid, signin, pair };
  }

  /**
   * The sign-in of a pair, and the next pair. A used pair ends the sign-in, because two clients have it and one of them stole it.
   * @throws AppError unauthenticated
   */
  async pickUp(pair: Pair): Promise<HeldSignin> {
    // Two attempts: of two concurrent tabs one rotates the pair, and the other then finds its pair just rotated.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const signin = await this.#options.store.byPairHash(pairHash(pair));
      if (signin?.browser == null || signin.expires_at.getTime() <= this.#now()) break;
      const found = stateOf(signin.browser, pair, this.#now());
      if (found.state === 'just_rotated') return { sid: found.sid, signin, pair: found.successor };
      if (found.state === 'reused') await this.#endStolen(signin);
      if (found.state !== 'current') break;
      const next = newPair();
      const at = new Date(this.#now());
      const rotated = rotate(signin.browser, pair, next, found.sid, at);
      if (await this.#options.store.rotateBrowser(signin._id, signin.browser, rotated, at))
        return { sid: found.sid, signin, pair: next };
    }
    throw new AppError('unauthenticated', 'This browser is not signed in any more. Sign in again.');
  }

  async #endStolen(signin: Signin): Promise<void> {
    this.#options.logger.warn(
      { user_id: signin.user_id.toHexString(), signin_id: signin._id.toHexString() },
      'a browser secret was used a second time: it may have been stolen, ending the sign-in',
    );
    await this.#options.signins.end([signin], 'browser_secret_reused');
  }
}
