import { string, u32 } from './packet.ts';

/** The types of replies. */
export const reply = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 201,
} as const;
/** The codes of the reply `status`. */
export const status = { ok: 0, eof: 1, noSuchFile: 2, denied: 3, failure: 4, badMessage: 5, unsupported: 8 } as const;

/** The type of a reply, and what follows the id. */
export type Answer = [number, ...Buffer[]];

/** A request that is answered with this status. */
export class SftpFailure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The status of an error of the file system, and its message. */
export const statusOf = (error: unknown): { code: number; message: string } => {
  if (error instanceof SftpFailure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return { code: status.noSuchFile, message };
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return { code: status.denied, message };
  return { code: status.failure, message };
};

/** Of the reply `status`: the code, the text, and its language. */
export const statusParts = (code: number, message: string): Buffer[] => [u32(code), string(message), string('en')];
export const done: Answer = [reply.status, ...statusParts(status.ok, 'Done')];
export const noHandle = (): SftpFailure => new SftpFailure(status.failure, 'There is no such handle.');

export const nameAnswer = (names: readonly [name: Buffer, attributes: Buffer, long?: Buffer][]): Answer => [
  reply.name,
  u32(names.length),
  ...names.flatMap(([name, attributes, long = name]) => [string(name), string(long), attributes]),
];
