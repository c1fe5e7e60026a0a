import { type FileRequest, fileJson } from '@webxterm/contracts/file-messages';
import {
  AgentId,
  changeFileMode,
  copyFile,
  createFolder,
  downloadFile,
  downloadFolder,
  listFiles,
  removeFile,
  renameFile,
  uploadFile,
} from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { AppError, Places } from '@webxterm/shared';
import type { Api, Caller, RequestContext } from '@webxterm/shared/api';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import type { z } from 'zod';
import type { OpenAttachment } from '../attachment/attachment.ts';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import { Copied, Done, DoneWithEntry, Page } from './answers.ts';
import { fileFact, shortened } from './audit.ts';
import { sendFile, sendFolder } from './download.ts';
import { FileCall, type FileCallRequest, longestTransferMs, maxSentence } from './file-call.ts';
import { lengthOf, receiveFile } from './upload.ts';

export interface FilesHttpOptions {
  readonly attach: OpenAttachment;
  readonly machines: Pick<MachineCalls, 'require'>;
  readonly auditor: Pick<Auditor, 'act'>;
  /** The largest file that can be uploaded. */
  readonly maxBytes: number;
}

/** Requests about files at a time. */
const limits = {
  each: { most: 16, message: 'Other requests about files are running for you. Wait for one to end.' },
  all: { most: 256, message: 'Requests about files of other users are running. Try again shortly.' },
};

const required = {
  files_read: { right: 'files_read', message: 'You may see this machine but not read its files.' },
  files_write: { right: 'files_write', message: 'You may see this machine but not change its files.' },
} as const;

interface Asked {
  readonly params: { readonly agent_id: string };
  readonly caller: Caller;
  readonly context: RequestContext;
}

/** Mounts the REST API of the files on machines. */
export const mountFiles = (api: Api, options: FilesHttpOptions): void => {
  const { attach, machines, auditor, maxBytes } = options;
  const places = new Places(limits);

  /** Checks the right of the caller, then does the work with a helper on the machine. */
  const withHelper = async <T>(
    { params, caller, context }: Asked,
    { kind, linuxUser }: Pick<FileCallRequest, 'kind' | 'linuxUser'>,
    work: (call: FileCall, agentId: string) => Promise<T>,
  ): Promise<T> => {
    const agentId = params.agent_id;
    if (!AgentId.safeParse(agentId).success) throw new AppError('machine_not_found');
    await machines.require(caller, agentId, required[kind], context.requestId);
    const { sid, userId } = caller;
    return places.within(userId, async () => {
      const { requestId, response } = context;
      const call = new FileCall(attach, { requestId, sid, userId, agentId, kind, linuxUser });
      const gone = (): void => call.close();
      const limit = setTimeout(() => call.fail(new AppError('request_timeout')), longestTransferMs);
      response.once('close', gone);
      if (response.closed) gone();
      try {
        return await work(call, agentId);
      } catch (error) {
        throw ofOlderAgent(error);
      } finally {
        clearTimeout(limit);
        response.off('close', gone);
        call.close();
      }
    });
  };

  api.mount(listFiles, async ({ query, ...asked }) => {
    const { path = null, cursor, limit, linux_user: linuxUser } = query;
    return withHelper(asked, { kind: 'files_read', linuxUser }, async (call) => {
      await call.send(fileJson({ op: 'list', path, after: afterOf(cursor), limit }));
      const { path: folder, entries, next, total, cut } = await call.answer(Page);
      return { path: folder, entries, next_cursor: next === null ? null : cursorOf(next), total, cut };
    });
  });

  api.mount(downloadFile, async ({ query: { path, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_read', linuxUser }, async (call, agentId) => {
      await sendFile({ agentId, path, call, context: asked.context }, auditor);
      return undefined;
    }),
  );

  api.mount(downloadFolder, async ({ query: { path, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_read', linuxUser }, async (call, agentId) => {
      await sendFolder({ agentId, path, call, context: asked.context }, auditor);
      return undefined;
    }),
  );

  api.mount(uploadFile, async ({ query: { path, linux_user: linuxUser }, ...asked }) => {
    const size = lengthOf(asked.context.request, maxBytes);
    return withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const { request } = asked.context;
      const { entry, sha256 } = await receiveFile({ agentId, path, call, request }, size, auditor);
      return { entry, sha256 };
    });
  });

  mountChanges(api, withHelper, options);
};

/** An agent that is older than an operation answers it with the error of its parser. */
const ofOlderAgent = (error: unknown): unknown =>
  error instanceof AppError && error.code === 'file_failed' && error.message.startsWith('ValiError')
    ? new AppError('kind_not_supported', 'The agent of this machine is older than this function. Update the agent.')
    : error;

type WithHelper = <T>(
  asked: Asked,
  how: Pick<FileCallRequest, 'kind' | 'linuxUser'>,
  work: (call: FileCall, agentId: string) => Promise<T>,
) => Promise<T>;

const mountChanges = (api: Api, withHelper: WithHelper, { auditor }: FilesHttpOptions): void => {
  const change = <T extends z.ZodType>(
    call: FileCall,
    fact: ReturnType<typeof fileFact>,
    request: FileRequest,
    schema: T,
    more: (answer: z.output<T>) => NonNullable<AuditFact['details']> = () => ({}),
  ) =>
    auditor.act(
      fact,
      async () => {
        await call.send(fileJson(request));
        return call.answer(schema);
      },
      {
        withinMs: longestTransferMs,
        resultOf: (answer) => ({ details: { ...fact.details, linux_user: call.linuxUser, ...more(answer) } }),
      },
    );

  api.mount(createFolder, async ({ body: { path, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const fact = fileFact('folder_created', agentId, path);
      const { entry } = await change(call, fact, { op: 'make_folder', path }, DoneWithEntry);
      return { entry };
    }),
  );

  api.mount(renameFile, async ({ body: { path, to, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const fact = fileFact('file_renamed', agentId, path, { to: shortened(to) });
      const { entry } = await change(call, fact, { op: 'rename', path, to }, DoneWithEntry);
      return { entry };
    }),
  );

  api.mount(copyFile, async ({ body: { path, to, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const fact = fileFact('file_copied', agentId, path, { to: shortened(to) });
      const counts = ({ files, bytes, left_out }: z.output<typeof Copied>) => ({ files, bytes, left_out });
      const copied = await change(call, fact, { op: 'copy', path, to }, Copied, counts);
      const reasons = copied.reasons.map((reason) => plainText(reason, maxSentence));
      return { entry: copied.entry, ...counts(copied), reasons };
    }),
  );

  api.mount(changeFileMode, async ({ body: { path, mode, linux_user: linuxUser }, ...asked }) =>
    withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const fact = fileFact('file_mode_changed', agentId, path, { mode });
      const { entry } = await change(call, fact, { op: 'chmod', path, mode }, DoneWithEntry);
      return { entry };
    }),
  );

  api.mount(removeFile, async ({ query, ...asked }) => {
    const { path, linux_user: linuxUser } = query;
    const recursive = query.recursive === 'true';
    return withHelper(asked, { kind: 'files_write', linuxUser }, async (call, agentId) => {
      const fact = fileFact('file_removed', agentId, path, { recursive });
      await change(call, fact, { op: 'remove', path, recursive }, Done);
      return undefined;
    });
  });
};

const cursorOf = (name: string): string => Buffer.from(name).toString('base64url');

const afterOf = (cursor: string | undefined): string | null =>
  cursor === undefined ? null : Buffer.from(cursor, 'base64url').toString();
