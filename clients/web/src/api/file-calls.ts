import {
  changeFileMode,
  copyFile,
  createFolder,
  downloadFile,
  downloadFolder,
  type FileList,
  listFiles,
  type RouteResult,
  removeFile,
  renameFile,
  uploadFile,
} from '@webxterm/contracts/rest';
import { ApiError, ask, errorFrom, fetchAnswer, send, UnreachableError, urlOf } from '@webxterm/rest-client';
import type { SignIn } from '../sign-in/sign-in.ts';

/** Where files are, and as which Linux user they are read and changed. Undefined: the default user of the machine. */
export interface FilePlace {
  readonly agentId: string;
  readonly user: string | undefined;
}

export type CopiedFile = RouteResult<typeof copyFile>;

export interface Beginning {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly size: number;
  /** With its quotes, as `If-Match` takes it. */
  readonly etag: string;
}

export interface UploadOptions {
  /** False: refused with `file_exists` if there is such a file. */
  readonly replace: boolean;
  /** Bytes that the browser has sent. */
  readonly onProgress: (sent: number) => void;
  readonly signal: AbortSignal;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const onMachine = ({ agentId, user }: FilePlace) => ({
  params: { agent_id: agentId },
  as: user === undefined ? {} : { linux_user: user },
});

/** Calls about files on machines. */
export const fileCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  /** `path`: undefined for the home folder. `cursor`: empty for the first page. */
  files(place: FilePlace, path: string | undefined, cursor: string, signal?: AbortSignal): Promise<FileList> {
    const { params, as } = onMachine(place);
    const query = { ...(path !== undefined && { path }), ...(cursor !== '' && { cursor }), ...as };
    return signIn.withToken((token) => ask(fetcher, listFiles, { params, query, headers: bearer(token), signal }));
  },

  /** The content of a file, or a folder with everything in it as a tar. Browsers keep a large one on the disk. */
  fileContent(place: FilePlace, path: string, kind: 'file' | 'folder', signal: AbortSignal): Promise<Blob> {
    const { params, as } = onMachine(place);
    const address = urlOf(kind === 'file' ? downloadFile : downloadFolder, { params, query: { path, ...as } });
    return signIn.withToken(async (token) =>
      (await fetchAnswer(fetcher, address, { headers: bearer(token), signal })).blob(),
    );
  },

  /** The first bytes of a file, at most one more than `most`, and the size of all. */
  async fileBeginning(place: FilePlace, path: string, most: number, signal: AbortSignal): Promise<Beginning> {
    const { params, as } = onMachine(place);
    const address = urlOf(downloadFile, { params, query: { path, ...as } });
    const part = (more: RequestInit, headers: Record<string, string> = {}): Promise<Response> =>
      signIn.withToken((token) =>
        fetchAnswer(fetcher, address, { ...more, headers: { ...bearer(token), ...headers }, signal }),
      );
    try {
      const answer = await part({}, { range: `bytes=0-${most}` });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const size = Number(answer.headers.get('content-range')?.split('/')[1] ?? bytes.length);
      return { bytes, size, etag: answer.headers.get('etag') ?? '' };
    } catch (error) {
      // An empty file has no range.
      if (!(error instanceof ApiError && error.code === 'range_not_satisfiable')) throw error;
      const { headers } = await part({ method: 'HEAD' });
      return { bytes: new Uint8Array(), size: 0, etag: headers.get('etag') ?? '' };
    }
  },

  /** Replaces the version `etag` of a file. @returns the new version. @throws ApiError file_changed if the file is another */
  async saveText(place: FilePlace, path: string, text: string, etag: string): Promise<string> {
    const { params, as } = onMachine(place);
    const address = urlOf(uploadFile, { params, query: { path, ...as } });
    const answer = await signIn.withToken((token) =>
      fetchAnswer(fetcher, address, {
        method: 'PUT',
        headers: { ...bearer(token), 'content-type': 'application/octet-stream', 'if-match': etag },
        body: new TextEncoder().encode(text),
      }),
    );
    return uploadFile.success.schema.parse(await answer.json()).entry.etag;
  },

  copyFile(place: FilePlace, path: string, to: string, signal: AbortSignal): Promise<CopiedFile> {
    const { params, as } = onMachine(place);
    return signIn.withToken((token) =>
      ask(fetcher, copyFile, { params, body: { path, to, ...as }, headers: bearer(token), signal }),
    );
  },

  async changeFileMode(place: FilePlace, path: string, mode: string): Promise<void> {
    const { params, as } = onMachine(place);
    await signIn.withToken((token) =>
      ask(fetcher, changeFileMode, { params, body: { path, mode, ...as }, headers: bearer(token) }),
    );
  },

  async makeFolder(place: FilePlace, path: string): Promise<void> {
    const { params, as } = onMachine(place);
    await signIn.withToken((token) =>
      ask(fetcher, createFolder, { params, body: { path, ...as }, headers: bearer(token) }),
    );
  },

  async renameFile(place: FilePlace, path: string, to: string): Promise<void> {
    const { params, as } = onMachine(place);
    await signIn.withToken((token) =>
      ask(fetcher, renameFile, { params, body: { path, to, ...as }, headers: bearer(token) }),
    );
  },

  async removeFile(place: FilePlace, path: string, recursive: boolean): Promise<void> {
    const { params, as } = onMachine(place);
    const query = { path, recursive: recursive ? 'true' : 'false', ...as } as const;
    await signIn.withToken((token) => send(fetcher, removeFile, { params, query, headers: bearer(token) }));
  },

  async uploadFile(place: FilePlace, path: string, file: Blob, options: UploadOptions): Promise<void> {
    const { params, as } = onMachine(place);
    const address = urlOf(uploadFile, { params, query: { path, ...as } });
    await signIn.withToken((token) => putFile(address, token, file, options));
  },
});

/** fetch does not report how much of a body it has sent. @throws ApiError, UnreachableError, or the signal's AbortError */
const putFile = (address: string, token: string, file: Blob, options: UploadOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const { signal } = options;
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    request.setRequestHeader('authorization', `Bearer ${token}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (!options.replace) request.setRequestHeader('if-none-match', '*');
    request.upload.onprogress = ({ loaded }) => options.onProgress(loaded);
    request.onerror = () => reject(new UnreachableError(undefined));
    request.onload = () => {
      if (request.status === 200) resolve();
      else errorFrom(new Response(request.responseText, { status: request.status })).then(reject, reject);
    };
    const abort = (): void => {
      request.abort();
      reject(signal.reason);
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.send(file);
  });
