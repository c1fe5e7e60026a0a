import { fileFailureCodes } from '@webxterm/contracts/file-messages';
import { FileEntry } from '@webxterm/contracts/rest';
import { z } from 'zod';

// The answers of the helper on a machine. The agent is not trusted, so every answer is parsed.

export const Failure = z.object({
  ok: z.literal(false),
  code: z.enum(fileFailureCodes).catch('file_failed'),
  message: z.string(),
});

const done = { ok: z.literal(true) };
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Bytes = z.number().int().min(0);

export const Done = z.object(done);
export const DoneWithEntry = z.object({ ...done, entry: FileEntry });
export const Page = z.object({
  ...done,
  path: z.string(),
  entries: z.array(FileEntry).max(1000),
  next: z.string().nullable(),
  total: Bytes,
  cut: z.boolean(),
});
/** `length`: null if the range selects nothing. */
export const Opened = z.object({
  ...done,
  size: Bytes,
  etag: z.string().regex(/^[0-9a-z-]{1,128}$/),
  modified_at: z.iso.datetime(),
  from: Bytes,
  length: Bytes.nullable(),
  /** Whether the range applies. */
  partial: z.boolean(),
});
export const Copied = z.object({
  ...done,
  entry: FileEntry,
  files: Bytes,
  bytes: Bytes,
  left_out: Bytes,
  reasons: z.array(z.string()).max(20),
});
export const Archived = z.object({ ...done, sha256: Sha256, files: Bytes, left_out: Bytes });
export const Hashed = z.object({ ...done, sha256: Sha256 });
export const Written = z.object({ ...done, sha256: Sha256, entry: FileEntry });
