import { AppError } from '@webxterm/shared';
import { type CastVersion, CastWriter } from './cast.ts';
import { framesIn } from './chunk-codec.ts';
import type { IndexStore } from './indexing/index-store.ts';
import type { RecordingReader } from './reader.ts';
import type { RecordingRecord } from './record.ts';

/** A recording as a file of one format. */
export interface RecordingFile {
  /** The name of the format in the audit log. */
  readonly format: string;
  readonly contentType: string;
  readonly extension: string;
  /** @throws AppError internal where the recording is damaged */
  readonly parts: () => AsyncIterable<string>;
}

export const castFile = (
  reader: Pick<RecordingReader, 'all'>,
  record: RecordingRecord,
  version: CastVersion,
): RecordingFile => ({
  format: `asciicast-v${version}`,
  contentType: 'application/x-asciicast',
  extension: 'cast',
  parts: () => castParts(reader, record, version),
});

async function* castParts(
  reader: Pick<RecordingReader, 'all'>,
  record: RecordingRecord,
  version: CastVersion,
): AsyncGenerator<string> {
  const writer = new CastWriter(version, record);
  yield writer.header(record);
  for await (const plain of reader.all(record)) {
    let lines = '';
    for (const frame of framesIn(plain)) lines += writer.lines(frame);
    if (lines !== '') yield lines;
  }
  const end = writer.lines({
    type: 'ended',
    finalOffset: record.next_offset,
    cause: 'unknown',
    exitCode: record.exit_code ?? undefined,
    signal: undefined,
  });
  if (record.status === 'ended' && end !== '') yield end;
}

type IndexedText = Pick<IndexStore, 'lineBlocks' | 'lines'>;

/** The lines that were on the normal screen. @throws AppError conflict while there are none to download */
export const textFile = (index: IndexedText, key: Buffer, record: RecordingRecord): RecordingFile => {
  if (record.index?.state === 'failed')
    throw new AppError('conflict', 'The lines of this recording could not be read. Download it as asciicast.');
  if (record.index?.state !== 'ready')
    throw new AppError('conflict', 'The lines of this recording are not there yet. They are read after its end.');
  return {
    format: 'text',
    contentType: 'text/plain; charset=utf-8',
    extension: 'txt',
    parts: () => textParts(index, key, record),
  };
};

async function* textParts(index: IndexedText, key: Buffer, record: RecordingRecord): AsyncGenerator<string> {
  const { recording_id } = record;
  const job = record.index?.job ?? '';
  for (const n of await index.lineBlocks(record)) {
    const lines = await index.lines(key, { recording_id, job, n });
    if (lines === undefined)
      throw new AppError('internal', 'This recording is damaged: some of its lines were changed.');
    yield lines.map(([, text]) => `${text}\n`).join('');
  }
  if (record.index?.cut === true) yield '[The rest is too long to be kept as text.]\n';
}
