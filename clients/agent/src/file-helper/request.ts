import { type FileRequest, maxFileData } from '@webxterm/contracts/file-messages';
import { bytesOfPath, pathProblem } from '@webxterm/contracts/file-paths';
import * as v from 'valibot';

const Path = v.pipe(
  v.string(),
  v.check((text) => pathProblem(text) === undefined),
);
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Range = v.union([v.strictObject({ first: Count, last: v.optional(Count) }), v.strictObject({ suffix: Count })]);

const Request = v.variant('op', [
  v.object({
    op: v.literal('list'),
    path: v.nullable(Path),
    after: v.nullable(v.string()),
    limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
  }),
  v.object({
    op: v.literal('read'),
    path: Path,
    range: v.nullable(Range),
    ifRange: v.nullable(v.string()),
    head: v.boolean(),
  }),
  v.object({
    op: v.literal('write'),
    path: Path,
    size: Count,
    onlyNew: v.boolean(),
    ifMatch: v.nullable(v.string()),
  }),
  v.object({ op: v.literal('make_folder'), path: Path }),
  v.object({ op: v.literal('rename'), path: Path, to: Path }),
  v.object({ op: v.literal('copy'), path: Path, to: Path }),
  v.object({ op: v.literal('chmod'), path: Path, mode: v.pipe(v.string(), v.regex(/^[0-7]{3,4}$/)) }),
  v.object({ op: v.literal('archive'), path: Path }),
  v.object({ op: v.literal('remove'), path: Path, recursive: v.boolean() }),
]);

/** @throws Error if it is no request */
export const parseRequest = (value: unknown): FileRequest => v.parse(Request, value);

const End = v.object({ sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) });

/** The end of the bytes of a write. @throws Error if it is none */
export const parseEnd = (value: unknown): v.InferOutput<typeof End> => v.parse(End, value);

/** A path that `parseRequest` has checked, as Node's functions take it. */
export const pathBytes = (text: string): Buffer => Buffer.from(bytesOfPath(text) ?? []);

export const chunkSize = maxFileData;
