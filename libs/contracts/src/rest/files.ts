import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { pathProblem } from '../file-paths.ts';
import { LinuxUserName, Timestamp } from '../ids.ts';
import { MachineParams } from './machines.ts';
import { defineRoute } from './route.ts';

/**
 * A path on a machine. Linux names are bytes, so in paths and names a backslash is written `\\`, and a byte that is not part of valid
 * UTF-8 `\xHH`.
 */
export const FilePath = z
  .string()
  .max(16_384)
  .superRefine((text, context) => {
    const problem = pathProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ example: '/home/john/report.pdf' });

/** Permissions in octal digits, as chmod(1) takes them. */
export const FileMode = z
  .string()
  .regex(/^[0-7]{3,4}$/, 'must have 3 or 4 octal digits')
  .meta({ example: '0644' });

/** `pipe`: a named pipe. `device`: a block or character device. */
export const FileType = z.enum(['file', 'folder', 'link', 'pipe', 'socket', 'device']);
export type FileType = z.infer<typeof FileType>;

export const FileEntry = z
  .object({
    name: z.string().meta({ description: 'As in paths: `\\\\` is a backslash, `\\xHH` a byte that is not UTF-8.' }),
    type: FileType,
    size: z.number().int().meta({ description: 'Bytes.' }),
    modified_at: Timestamp,
    mode: z.string().meta({ description: 'Permissions, 4 octal digits.', example: '0644' }),
    uid: z.number().int(),
    gid: z.number().int(),
    etag: z.string().meta({ description: 'For `If-Match`. Changes with the content.', example: '1-2k-b4-d9' }),
    link: z
      .object({ target: z.string(), type: FileType.nullable() })
      .nullable()
      .meta({ description: 'Of a link: its text, and what it leads to; null: to nothing.' }),
  })
  .meta({ id: 'FileEntry' });
export type FileEntry = z.infer<typeof FileEntry>;

export const FileList = z
  .object({
    path: z.string().meta({ description: 'The folder that is listed.', example: '/home/john' }),
    entries: z.array(FileEntry),
    next_cursor: z.string().nullable().meta({ description: '`cursor` of the next request; null on the last page.' }),
    total: z.number().int().meta({ description: 'Entries of the folder.' }),
    cut: z.boolean().meta({ description: 'The folder has more entries than are listed.' }),
  })
  .meta({ id: 'FileList' });
export type FileList = z.infer<typeof FileList>;

const everyRequest = [
  'machine_not_found',
  'view_only',
  'machine_offline',
  'kind_not_supported',
  'linux_user_refused',
  'files_not_started',
  'too_many_sessions',
  'file_not_found',
  'file_access_denied',
  'not_a_folder',
  'name_too_long',
  'file_busy',
  'file_failed',
] as const satisfies readonly ErrorCode[];

const everyChange = [
  ...everyRequest,
  'file_exists',
  'file_system_read_only',
  'disk_full',
  'quota_exceeded',
] as const satisfies readonly ErrorCode[];

const asUser = 'The machine does it as a Linux user, so that the permissions of its file systems decide.';

/** The Linux user that does the work on the machine. */
const linux_user = LinuxUserName.optional().meta({
  description: 'The Linux user, by default the first of my_linux_users of the machine.',
});

export const listFiles = defineRoute({
  id: 'listFiles',
  owner: 'terminal',
  method: 'get',
  path: '/api/machines/:agent_id/files',
  access: 'user',
  summary: 'The entries of a folder on a machine, sorted by name',
  description: `Needs the right \`files_read\`. ${asUser} Links are listed as links.`,
  params: MachineParams,
  query: z.strictObject({
    path: FilePath.optional().meta({ description: 'Without it: the home folder.' }),
    cursor: z.string().max(2048).optional().meta({ description: '`next_cursor` of the answer before.' }),
    limit: z.coerce.number().int().min(1).max(1000).default(200),
    linux_user,
  }),
  success: { status: 200, schema: FileList },
  errors: everyRequest,
});

export const downloadFile = defineRoute({
  id: 'downloadFile',
  owner: 'terminal',
  method: 'get',
  path: '/api/machines/:agent_id/files/content',
  access: 'user',
  summary: 'The content of a file on a machine, or a part of it',
  description:
    `Needs the right \`files_read\`. ${asUser} A range is one of bytes (RFC 9110, 14). The length is that of the file when it was opened: a ` +
    'file that is shortened while it is read breaks the answer off. Devices, pipes and sockets have no content. The download is audited.',
  params: MachineParams,
  query: z.strictObject({ path: FilePath, linux_user }),
  headers: z.object({
    range: z.string().optional().meta({ description: 'Such as `bytes=0-1023` or `bytes=-500`.' }),
    'if-range': z.string().optional().meta({ description: 'An ETag: the range applies to this version only.' }),
  }),
  success: { status: 200, stream: 'application/octet-stream', ranges: true },
  errors: [...everyRequest, 'not_a_file', 'range_not_satisfiable'],
});

export const uploadFile = defineRoute({
  id: 'uploadFile',
  owner: 'terminal',
  method: 'put',
  path: '/api/machines/:agent_id/files/content',
  access: 'user',
  summary: 'Write a file on a machine',
  description:
    `Needs the right \`files_write\`. ${asUser} The bytes go into an unfinished file beside the target, which takes its place once all have ` +
    'arrived: a broken upload leaves the old file. A link to a file is followed. Content-Length is required. The upload is audited.',
  params: MachineParams,
  query: z.strictObject({ path: FilePath, linux_user }),
  headers: z.object({
    'if-none-match': z.enum(['*']).optional().meta({ description: 'Only if there is no such file.' }),
    'if-match': z
      .string()
      .optional()
      .meta({ description: 'Only this version (an `etag`), or `*`: any, but there is one.' }),
  }),
  upload: true,
  success: {
    status: 200,
    schema: z
      .object({
        entry: FileEntry,
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .meta({ example: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03' }),
      })
      .meta({ id: 'UploadedFile' }),
  },
  errors: [...everyChange, 'not_a_file', 'file_changed', 'file_too_large', 'length_required'],
});

const OneEntry = z.object({ entry: FileEntry });

export const createFolder = defineRoute({
  id: 'createFolder',
  owner: 'terminal',
  method: 'post',
  path: '/api/machines/:agent_id/files/folders',
  access: 'user',
  summary: 'Make a folder on a machine',
  description: `Needs the right \`files_write\`. ${asUser} The folder that contains it must exist.`,
  params: MachineParams,
  body: z.strictObject({ path: FilePath, linux_user }),
  success: { status: 201, schema: OneEntry },
  errors: everyChange,
});

export const renameFile = defineRoute({
  id: 'renameFile',
  owner: 'terminal',
  method: 'post',
  path: '/api/machines/:agent_id/files/rename',
  access: 'user',
  summary: 'Rename or move a file, folder or link on a machine',
  description: `Needs the right \`files_write\`. ${asUser} Within one file system. Nothing is replaced.`,
  params: MachineParams,
  body: z.strictObject({ path: FilePath, to: FilePath, linux_user }),
  success: { status: 200, schema: OneEntry },
  errors: [...everyChange, 'folder_not_empty', 'not_a_file'],
});

export const copyFile = defineRoute({
  id: 'copyFile',
  owner: 'terminal',
  method: 'post',
  path: '/api/machines/:agent_id/files/copy',
  access: 'user',
  summary: 'Copy a file, folder or link on a machine',
  description:
    `Needs the right \`files_write\`. ${asUser} Nothing is replaced. A folder is copied with everything in it that the Linux user may read. Links ` +
    'are copied as links. The copy takes its name once it is whole: one that fails, or whose client leaves, leaves nothing.',
  params: MachineParams,
  body: z.strictObject({ path: FilePath, to: FilePath, linux_user }),
  slow: true,
  success: {
    status: 201,
    schema: z
      .object({
        entry: FileEntry,
        files: z.number().int().meta({ description: 'Copied files and links.' }),
        bytes: z.number().int(),
        left_out: z.number().int().meta({ description: 'Entries that could not be read, or are no files.' }),
        reasons: z.array(z.string()).meta({ description: 'A sentence for each of the first 20 that were left out.' }),
      })
      .meta({ id: 'CopiedFile' }),
  },
  errors: [...everyChange, 'not_a_file'],
});

export const changeFileMode = defineRoute({
  id: 'changeFileMode',
  owner: 'terminal',
  method: 'post',
  path: '/api/machines/:agent_id/files/mode',
  access: 'user',
  summary: 'Change the permissions of a file or folder on a machine',
  description: `Needs the right \`files_write\`. ${asUser} A link is refused: its target has the permissions.`,
  params: MachineParams,
  body: z.strictObject({ path: FilePath, mode: FileMode, linux_user }),
  success: { status: 200, schema: OneEntry },
  errors: [...everyRequest, 'not_a_file', 'file_system_read_only'],
});

export const downloadFolder = defineRoute({
  id: 'downloadFolder',
  owner: 'terminal',
  method: 'get',
  path: '/api/machines/:agent_id/files/archive',
  access: 'user',
  summary: 'A folder on a machine with everything in it, as a tar',
  description:
    `Needs the right \`files_read\`. ${asUser} Links are links. Entries that the Linux user may not read, and entries that are no files, are left ` +
    'out; the last file of the archive, `NAME.left-out.txt`, names them. An archive that cannot be completed breaks off. The download is audited.',
  params: MachineParams,
  query: z.strictObject({ path: FilePath, linux_user }),
  success: { status: 200, stream: 'application/x-tar' },
  errors: [...everyRequest, 'not_a_file'],
});

export const removeFile = defineRoute({
  id: 'removeFile',
  owner: 'terminal',
  method: 'delete',
  path: '/api/machines/:agent_id/files',
  access: 'user',
  summary: 'Remove a file, folder or link on a machine',
  description: `Needs the right \`files_write\`. ${asUser} What a link leads to stays.`,
  params: MachineParams,
  query: z.strictObject({
    path: FilePath,
    recursive: z
      .enum(['true', 'false'])
      .default('false')
      .meta({ description: 'A folder with everything in it. Otherwise only an empty folder is removed.' }),
    linux_user,
  }),
  slow: true,
  success: { status: 204 },
  errors: [...everyChange, 'folder_not_empty', 'not_a_file'],
});

export const fileRoutes = [
  listFiles,
  downloadFile,
  downloadFolder,
  uploadFile,
  createFolder,
  renameFile,
  copyFile,
  changeFileMode,
  removeFile,
] as const;
