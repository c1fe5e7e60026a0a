import type { SessionTitle } from '@webxterm/contracts/grpc';

/** Titles in one message. The rest follows in the next one. */
const maxPerMessage = 64;

/** Finds the titles that were not sent to a hub yet. */
export class TitleChanges {
  #sent = new Map<string, string>();

  /** The titles that differ from those returned before, at most 64. Sessions that are not in `titles` are forgotten. */
  changed(titles: readonly SessionTitle[]): SessionTitle[] {
    const sent = new Map<string, string>();
    const changed: SessionTitle[] = [];
    for (const one of titles) {
      const id = one.sessionId.toString('hex');
      const before = this.#sent.get(id);
      const now = JSON.stringify([one.title, one.command, one.directory]);
      const isChange = now !== before && changed.length < maxPerMessage;
      if (isChange) changed.push(one);
      const known = isChange ? now : before;
      if (known !== undefined) sent.set(id, known);
    }
    this.#sent = sent;
    return changed;
  }
}
