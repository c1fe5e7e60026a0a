import type { SshActivity } from '@webxterm/contracts/grpc';

export type Activity = Partial<Omit<SshActivity, 'sessionId'>> & Pick<SshActivity, 'action'>;

/** Reports that wait for a link to a hub. Beyond it nothing more is started, because it could not be audited. */
const maxWaiting = 1000;
/** Also of sessions that have ended, whose last files are reported after it. */
const maxKnown = 1000;
/** A session whose client has not come back within 30 s has ended, and no hub will know it. */
const attachedWithinMs = 40_000;
/** Programs and connections that a user starts, then those a second. */
const starts = { burst: 600, perSecond: 10 } as const;
/** Files of a user that are reported one by one. */
const files = { burst: 1000, perSecond: 20 } as const;
const maxText = 1024;

type Waiting = { readonly at: number; readonly activity: SshActivity };
type Send = (activity: SshActivity) => void;

/** A token bucket that forgets when it was full. */
class Bucket {
  readonly #rate: { burst: number; perSecond: number };
  #tokens: number;
  #at: number;

  constructor(rate: { burst: number; perSecond: number }, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  take(now: number): boolean {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

type Owner = { readonly starts: Bucket; readonly files: Bucket; unreported: number };

/** Control characters as escapes, so that each of them is seen. */
const shown = (text: string): string =>
  text
    .slice(0, maxText)
    .replace(/[\x00-\x1f\x7f]/g, (character) =>
      character === '\n' ? '\\n' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );

/**
 * Reports the activities in ssh connections to the hub, for the audit log. Each program is reported before it is started. Reports wait while
 * there is no link, and until the hub of a new link knows the session again.
 */
export class SshActivities {
  readonly #now: () => number;
  readonly #owners = new Map<string, Owner>();
  #waiting: Waiting[] = [];
  #send: Send | undefined;
  /** Sessions, in hex, to which somebody has attached over the current link, the oldest first. The hub knows one for some time after its end. */
  readonly #known = new Set<string>();
  #late: NodeJS.Timeout | undefined;

  /** `now`: ms on a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Reports go to this link from now on. Undefined: there is none. */
  follow(send: Send | undefined): void {
    this.#send = send;
    this.#known.clear();
  }

  /** The hub of the current link knows the session. */
  attached(sessionId: Buffer): void {
    const id = sessionId.toString('hex');
    this.#known.delete(id);
    this.#known.add(id);
    const [oldest] = this.#known;
    if (oldest !== undefined && this.#known.size > maxKnown) this.#known.delete(oldest);
    this.#flush();
  }

  /**
   * Reports something that is about to be started.
   * @returns a sentence that says why it must not be started. Undefined: it may
   */
  starts(sessionId: Buffer, owner: string, activity: Activity): string | undefined {
    return this.mayStart(owner) ?? this.begins(sessionId, owner, activity);
  }

  /** Counts something that a user wants to start, whether it succeeds or not. @returns as `starts` */
  mayStart(owner: string): string | undefined {
    return this.#owner(owner).starts.take(this.#now())
      ? undefined
      : 'You have started too much in a short time on this machine. Try again in a minute.';
  }

  /** Reports something that `mayStart` has counted. @returns as `starts` */
  begins(sessionId: Buffer, owner: string, activity: Activity): string | undefined {
    if (this.#waiting.length >= maxWaiting)
      return 'The agent has no connection to its server, so nothing can be audited. Try again when it has.';
    this.#report(sessionId, this.#owner(owner), activity);
    return undefined;
  }

  /** Reports something that has been refused, or a file. Too many of them are counted. */
  reports(sessionId: Buffer, owner: string, activity: Activity): void {
    const known = this.#owner(owner);
    if (this.#waiting.length < maxWaiting && known.files.take(this.#now())) this.#report(sessionId, known, activity);
    else known.unreported += 1 + (activity.more ?? 0);
  }

  #report(sessionId: Buffer, owner: Owner, activity: Activity): void {
    const more = Math.min(0xffff_ffff, (activity.more ?? 0) + owner.unreported);
    owner.unreported = 0;
    const whole = {
      ...{ sessionId, detail: '', linuxUser: '', terminal: false, refused: '', bytes: 0n, ...activity, more },
      subject: shown(activity.subject ?? ''),
    };
    this.#waiting.push({ at: this.#now(), activity: { ...whole, detail: shown(whole.detail) } });
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#late);
    const before = this.#now() - attachedWithinMs;
    const kept: Waiting[] = [];
    for (const one of this.#waiting)
      if (this.#send !== undefined && (one.at < before || this.#known.has(one.activity.sessionId.toString('hex'))))
        this.#send(one.activity);
      else kept.push(one);
    this.#waiting = kept;
    if (kept.length > 0) this.#late = setTimeout(() => this.#flush(), attachedWithinMs).unref();
  }

  #owner(id: string): Owner {
    const known = this.#owners.get(id);
    if (known !== undefined) return known;
    // Users of a machine are few, but each of them stays here.
    if (this.#owners.size >= maxWaiting) this.#owners.clear();
    const now = this.#now();
    const owner = { starts: new Bucket(starts, now), files: new Bucket(files, now), unreported: 0 };
    this.#owners.set(id, owner);
    return owner;
  }
}
