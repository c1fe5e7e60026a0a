import type { SessionTitle } from '@webxterm/contracts/grpc';

/** Titles in one message. The rest follows in the next one. */
const maxPerMessage = 64;

/** Finds the titles that a hub has not been told. */
export class TitleNews {
  #told = new Map<string, string>();

  /** The titles that differ from those returned before, at most 64. Sessions that are not in `titles` are forgotten. */
  changed(titles: readonly SessionTitle[]): SessionTitle[] {
    const told = new Map<string, string>();
    const news: SessionTitle[] = [];
    for (const one of titles) {
      const id = one.sessionId.toString('hex');
      const before = this.#told.get(id);
      const now = JSON.stringify([one.title, one.command, one.directory]);
      const isNews = now !== before && news.length < maxPerMessage;
      if (isNews) news.push(one);
      const known = isNews ? now : before;
      if (known !== undefined) told.set(id, known);
    }
    this.#told = told;
    return news;
  }
}
