import { maxNameBytes, type Participant } from '@webxterm/contracts/frames';
import type { Attachment } from '../attachment/attachment.ts';

/** Shortest time between two lists of participants, in ms. A guest that asks again and again causes no more. */
const everyMs = 100;
/** Limit of viewers that have left and keep their number. */
const maxRemembered = 64;

export type ParticipantsOptions = {
  ownerUserId: string;
  /** The attachments of the session by `writerOf`. */
  attachments: ReadonlyMap<string, Attachment>;
};

/**
 * The people who are attached to one session: the owner, and guests by a share or by the right to watch. Decides which guests may type, and
 * reports the list to all of them. A guest never drives (`Driver`): only the owner's windows set the size and the pace of the session.
 */
export class Participants {
  readonly #options: ParticipantsOptions;
  /** The numbers by writer, those that left last are kept. A number is never given twice, so that the owner cannot let another one type. */
  readonly #numbers = new Map<string, number>();
  #nextNumber = 1;
  /** The writers that get lists. */
  readonly #informed = new Set<string>();
  readonly #asking = new Set<string>();
  /** The guest whom the owner lets type. */
  #typist: string | undefined;
  #typedLast: string | undefined;
  /** The last list had a guest. */
  #toldOfGuests = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ParticipantsOptions) {
    this.#options = options;
  }

  isGuest({ viewer }: Pick<Attachment, 'viewer'>): boolean {
    return viewer.userId !== this.#options.ownerUserId && viewer.role !== 'record';
  }

  get guestCount(): number {
    return this.#people().filter((attachment) => this.isGuest(attachment)).length;
  }

  /** `informed`: the viewer gets the lists. */
  joined(attachment: Attachment, informed: boolean): void {
    if (attachment.viewer.role === 'record') return;
    const { writer } = attachment;
    const number = this.#numbers.get(writer) ?? this.#nextNumber++;
    this.#numbers.delete(writer);
    this.#numbers.set(writer, number);
    this.#forgetOld();
    if (informed) this.#informed.add(writer);
    else this.#informed.delete(writer);
    this.#changed();
  }

  left({ writer }: Pick<Attachment, 'writer'>): void {
    this.#informed.delete(writer);
    this.#asking.delete(writer);
    if (this.#typist === writer) this.#typist = undefined;
    this.#changed();
  }

  /** Whether input of this viewer may be written to the terminal now. A guest must be attached and be allowed to. */
  mayType(writer: string): boolean {
    const attachment = this.#options.attachments.get(writer);
    if (attachment === undefined) return false;
    if (!this.isGuest(attachment)) return true;
    const { role, typesAlways } = attachment.viewer;
    return role === 'control' && (typesAlways === true || this.#typist === writer);
  }

  /** A viewer has typed. The owner takes typing back from the guest who had it. */
  typed(from: Attachment): void {
    const { writer } = from;
    if (!this.mayType(writer)) return;
    const typist = this.isGuest(from) ? this.#typist : undefined;
    if (this.#typedLast === writer && this.#typist === typist) return;
    this.#typedLast = writer;
    this.#typist = typist;
    this.#changed();
  }

  asks(from: Attachment, asks: boolean): void {
    const { writer } = from;
    if (asks && (!this.#canBeGiven(from) || this.mayType(writer))) return;
    if (asks === this.#asking.has(writer)) return;
    if (asks) this.#asking.add(writer);
    else this.#asking.delete(writer);
    this.#changed();
  }

  /** The owner lets the participant with this number type; 0: nobody but the owner. No effect for others and for unknown numbers. */
  give(from: Attachment, number: number): void {
    if (this.isGuest(from) || from.viewer.role !== 'control') return;
    const to = this.#people().find(({ writer }) => this.#numbers.get(writer) === number);
    if (number !== 0 && (to === undefined || !this.#canBeGiven(to))) return;
    if (this.#typist === to?.writer) return;
    this.#typist = to?.writer;
    this.#typedLast = to?.writer ?? from.writer;
    if (to !== undefined) this.#asking.delete(to.writer);
    this.#changed();
  }

  /** Sends no more lists. */
  close(): void {
    clearTimeout(this.#timer);
    this.#informed.clear();
  }

  #canBeGiven(attachment: Attachment): boolean {
    const { role, typesAlways } = attachment.viewer;
    return this.isGuest(attachment) && role === 'control' && typesAlways !== true;
  }

  #people(): Attachment[] {
    return [...this.#options.attachments.values()].filter(({ viewer }) => viewer.role !== 'record');
  }

  #forgetOld(): void {
    const { attachments } = this.#options;
    const away = [...this.#numbers.keys()].filter((writer) => !attachments.has(writer));
    for (const writer of away.slice(0, -maxRemembered)) this.#numbers.delete(writer);
  }

  #changed(): void {
    if (this.#informed.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, everyMs);
  }

  #tell(): void {
    const hasGuests = this.guestCount > 0;
    if (!hasGuests && !this.#toldOfGuests) return;
    this.#toldOfGuests = hasGuests;
    const participants = this.#people()
      .map((attachment) => this.#participantOf(attachment))
      .sort((one, other) => one.number - other.number);
    for (const attachment of this.#people())
      if (this.#informed.has(attachment.writer))
        attachment.outgoing.sendControl({
          type: 'presence',
          you: this.#numbers.get(attachment.writer) ?? 0,
          participants,
        });
  }

  #participantOf(attachment: Attachment): Participant {
    const { writer, viewer } = attachment;
    return {
      number: this.#numbers.get(writer) ?? 0,
      name: shortName(viewer.name ?? ''),
      owner: !this.isGuest(attachment),
      control: viewer.role === 'control',
      types: (this.#typist ?? this.#typedLast) === writer,
      asks: this.#asking.has(writer),
      typesAlways: viewer.typesAlways === true,
    };
  }
}

/** A name of at most 255 bytes. */
const shortName = (name: string): string => {
  let short = name.slice(0, maxNameBytes);
  while (Buffer.byteLength(short) > maxNameBytes) short = short.slice(0, -1);
  return short.isWellFormed() ? short : short.slice(0, -1);
};
