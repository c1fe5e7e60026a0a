import { writeSync } from 'node:fs';
import { textOfPath } from '@webxterm/contracts/file-paths';
import { PacketError } from './packet.ts';

type Action = 'file_read' | 'file_written' | 'file_changed';
type Report = { action: Action; subject: Buffer; detail?: string; bytes?: number; refused?: 'view_only' };

/** Reported one by one in a session. The rest is counted: a copy of a folder may have 100,000 files. */
const maxReports = 256;
/** The kernel takes no longer path. That of a refused request may be as long as a packet. */
const maxPath = 4096;

/** Reports what is done to files to the agent, a line of JSON each on stderr. */
export class Reports {
  #count = 0;
  readonly #more = new Map<Action, { files: number; bytes: number }>();

  /** @throws PacketError if nobody reads them: nothing more may be done then */
  add({ action, subject, detail, bytes = 0, refused }: Report): void {
    this.#count += 1;
    if (this.#count <= maxReports) {
      this.#write({ action, subject: textOfPath(subject.subarray(0, maxPath)), detail, bytes, refused });
      return;
    }
    const more = this.#more.get(action) ?? { files: 0, bytes: 0 };
    this.#more.set(action, { files: more.files + 1, bytes: more.bytes + bytes });
  }

  /** The session ends. */
  end(): void {
    // One of them is the row itself.
    for (const [action, { files, bytes }] of this.#more)
      this.#write({ action, subject: '', bytes, more: Math.max(0, files - 1) });
    this.#more.clear();
  }

  #write(line: object): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(2, bytes, at);
    } catch {
      throw new PacketError('the agent does not read the reports any more');
    }
  }
}
