import { type FileRequest, readingRequests } from '@webxterm/contracts/file-messages';
import { archiveFolder } from './archive.ts';
import { changeMode, makeFolder, removeEntry, renameEntry } from './change.ts';
import { Channel } from './channel.ts';
import { copyEntry } from './copy.ts';
import { FileFailure } from './failure.ts';
import { listFolder } from './list.ts';
import { readFile } from './read.ts';
import { parseRequest } from './request.ts';
import { writeFile } from './write.ts';

// Does one request about files as the Linux user of this process, and ends. The agent starts it and passes bytes on: files-kind.ts.

const [, , mode = 'files_read'] = process.argv;
const leave = (): never => process.exit(1);
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, leave);
process.stdout.on('error', leave);

const channel = new Channel(process.stdin, process.stdout, leave);

const answer = async (request: FileRequest): Promise<void> => {
  if (request.op === 'write') return writeFile(request, channel);
  if (request.op === 'copy' || request.op === 'remove') channel.takeTime();
  if (request.op === 'copy') {
    const cancel = new AbortController();
    // The unfinished copy is removed first.
    channel.expectNothing(() => cancel.abort());
    return channel.json(await copyEntry(request, cancel.signal));
  }
  channel.expectNothing(leave);
  switch (request.op) {
    case 'list':
      return channel.json({ ok: true, ...(await listFolder(request.path, request.after, request.limit)) });
    case 'read':
      return readFile(request, channel);
    case 'make_folder':
      return channel.json(await makeFolder(request.path));
    case 'archive':
      return archiveFolder(request, channel);
    case 'chmod':
      return channel.json(await changeMode(request.path, request.mode));
    case 'rename':
      return channel.json(await renameEntry(request.path, request.to));
    case 'remove':
      return channel.json(await removeEntry(request.path, request.recursive));
  }
};

try {
  const first = await channel.next();
  if (first?.type !== 'json') leave();
  const request = parseRequest(first?.type === 'json' ? first.value : undefined);
  if (mode !== 'files_write' && !readingRequests.includes(request.op))
    throw new FileFailure('invalid_input', 'This session only reads.');
  await answer(request);
} catch (error) {
  const failure = error instanceof FileFailure ? error : new FileFailure('file_failed', String(error));
  await channel.json({ ok: false, code: failure.code, message: failure.message });
}
process.stdout.end(() => process.exit(0));
