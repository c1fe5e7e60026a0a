import type { ErrorCode } from './errors.ts';

/**
 * The messages between the terminal service and the helper for files on a machine (docs/files.md): their bytes are the input and the output
 * of a session of kind `files_read` or `files_write`. A message is its length as u32 (big endian), a type byte, and the payload. The length
 * counts type and payload. Type 1 is JSON, type 2 bytes of a file.
 */
export const fileMessageType = { json: 1, data: 2 } as const;

/** Largest payload of bytes of a file. */
export const maxFileData = 64 * 1024;
/** Largest message that a reader accepts. */
export const maxFileMessage = 1024 * 1024;

/** `size`: bytes of the message with its head. */
export type FileMessage = { size: number } & ({ type: 'json'; value: unknown } | { type: 'data'; bytes: Uint8Array });

const headLength = 5;

const framed = (type: number, payload: Uint8Array): Uint8Array => {
  const message = new Uint8Array(headLength + payload.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, payload.length + 1);
  view.setUint8(4, type);
  message.set(payload, headLength);
  return message;
};

/** A JSON message. */
export const fileJson = (value: unknown): Uint8Array =>
  framed(fileMessageType.json, new TextEncoder().encode(JSON.stringify(value)));

/** A message with bytes of a file, at most `maxFileData`. */
export const fileData = (bytes: Uint8Array): Uint8Array => framed(fileMessageType.data, bytes);

/** The other side sent what is no message. */
export class FileMessageError extends Error {
  override readonly name = 'FileMessageError';
}

/** Splits a stream of bytes into messages. Keeps at most one message that is not complete. */
export class FileMessageReader {
  /** Has room for more than the kept bytes, so that many small pieces of a message are not copied again with each. */
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array();
  #length = 0;

  /** @returns the messages that are complete. @throws FileMessageError */
  push(bytes: Uint8Array): FileMessage[] {
    this.#append(bytes);
    const all = this.#buffer.subarray(0, this.#length);
    const messages: FileMessage[] = [];
    let at = 0;
    while (all.length - at >= headLength) {
      const view = new DataView(all.buffer, at);
      const length = view.getUint32(0);
      if (length < 1 || length > maxFileMessage) throw new FileMessageError(`a message of ${length} bytes`);
      if (all.length - at < 4 + length) break;
      messages.push(messageOf(view.getUint8(4), all.subarray(at + headLength, at + 4 + length)));
      at += 4 + length;
    }
    // The messages are in the buffer, so the rest, which came with the last bytes, gets another one.
    if (at > 0) this.#buffer = all.slice(at);
    this.#length -= at;
    return messages;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }
}

const messageOf = (type: number, payload: Uint8Array): FileMessage => {
  const size = headLength + payload.length;
  if (type === fileMessageType.data) return { type: 'data', bytes: payload, size };
  if (type !== fileMessageType.json) throw new FileMessageError(`a message of type ${type}`);
  try {
    return { type: 'json', value: JSON.parse(new TextDecoder().decode(payload)), size };
  } catch (error) {
    throw new FileMessageError('a message that is not JSON', { cause: error });
  }
};

/** The codes of the catalog of errors (errors.ts) that a machine answers instead of doing a request. */
export const fileFailureCodes = [
  'file_not_found',
  'file_access_denied',
  'not_a_folder',
  'not_a_file',
  'file_exists',
  'folder_not_empty',
  'disk_full',
  'quota_exceeded',
  'file_system_read_only',
  'name_too_long',
  'file_busy',
  'file_changed',
  'file_failed',
  'files_not_started',
  'invalid_input',
] as const satisfies readonly ErrorCode[];
export type FileFailureCode = (typeof fileFailureCodes)[number];

/** Part of a file: from `first` to `last`, both included, or the last `suffix` bytes. */
export type ByteRange = { first: number; last?: number | undefined } | { suffix: number };

/** A request of the terminal service to the helper: one for each session. */
export type FileRequest =
  | { op: 'list'; path: string | null; after: string | null; limit: number }
  /** `ifRange`: the range applies only to this version. */
  | { op: 'read'; path: string; range: ByteRange | null; ifRange: string | null; head: boolean }
  /** `size` bytes of data follow, then a message with their SHA-256. */
  | { op: 'write'; path: string; size: number; onlyNew: boolean; ifMatch: string | null }
  | { op: 'make_folder'; path: string }
  | { op: 'rename'; path: string; to: string }
  | { op: 'copy'; path: string; to: string }
  /** `mode`: octal digits. */
  | { op: 'chmod'; path: string; mode: string }
  /** A folder as a tar. */
  | { op: 'archive'; path: string }
  | { op: 'remove'; path: string; recursive: boolean };

/** The requests that a session of kind `files_read` accepts. */
export const readingRequests: readonly FileRequest['op'][] = ['list', 'read', 'archive'];
