import { maxSessionDirectory, maxSessionTitle } from '@webxterm/contracts/session-titles';
import type { SessionProcess } from './session-kind.ts';
import { TitleReader } from './title-reader.ts';

/** The facts that distinguish a session from others. Empty: unknown. */
export type Title = { title: string; command: string; directory: string };

/** Looks after the last output. The second one finds a program that started just after the first. */
const looksAfterOutput = 2;

/** The title of one session. A session without output costs nothing, because nothing can have changed that a user sees. */
export class SessionTitle {
  readonly #reader = new TitleReader();
  #looksLeft = looksAfterOutput;
  #foreground: Omit<Title, 'title'> = { command: '', directory: '' };

  constructor(title = '') {
    this.#reader.title = title;
  }

  output(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    this.#looksLeft = looksAfterOutput;
  }

  /** The title as it is now. Looks at the process if there was output since the last look. */
  read(process: Pick<SessionProcess, 'foreground'>): Title {
    if (this.#looksLeft > 0) {
      this.#looksLeft -= 1;
      const { command = '', directory = '' } = process.foreground?.() ?? {};
      this.#foreground = {
        command: command.slice(0, maxSessionTitle).toWellFormed(),
        directory: directory.slice(-maxSessionDirectory).toWellFormed(),
      };
    }
    return { title: this.#reader.title.slice(0, maxSessionTitle).toWellFormed(), ...this.#foreground };
  }
}
