import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { bundled } from '../bundled.ts';
import type { CommandLine } from '../shell/close-descriptors.ts';
import type { Activity } from './activities.ts';

/** In the package, the helper is beside the chunks. */
const program = fileURLToPath(new URL(bundled ? './sftp-helper.js' : '../sftp-helper/main.ts', import.meta.url));

/** The sftp server as a program of the Linux user. It does what the rights allow. */
export const sftpHelper = (rights: readonly string[]): CommandLine => ({
  file: process.execPath,
  args: [
    ...['--no-warnings', '--disable-sigusr1', '--max-semi-space-size=1', program],
    rights.filter((right) => right === 'files_read' || right === 'files_write').join(','),
  ],
});

const Line = v.object({
  action: v.picklist(['file_read', 'file_written', 'file_changed']),
  subject: v.pipe(v.string(), v.maxLength(20_000)),
  detail: v.optional(v.pipe(v.string(), v.maxLength(20_000)), ''),
  refused: v.optional(v.picklist(['', 'view_only']), ''),
  bytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  more: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
});

/** A line of the helper has two paths at most. */
const maxLine = 64 * 1024;

/** Reads the reports of a helper from its stderr. Other lines are dropped, because programs of the user can write there, too. */
export const sftpReports =
  (report: (activity: Activity) => void) =>
  async (stderr: Readable): Promise<void> => {
    let length = 0;
    stderr.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf('\n');
      length = end === -1 ? length + chunk.length : chunk.length - end - 1;
      if (length > maxLine) stderr.destroy();
    });
    const lines = createInterface({ input: stderr });
    lines.on('line', (text) => {
      const read = v.safeParse(Line, jsonOf(text));
      if (read.success) report({ ...read.output, bytes: BigInt(read.output.bytes) });
    });
    await new Promise<void>((resolve) => lines.once('close', resolve));
  };

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
