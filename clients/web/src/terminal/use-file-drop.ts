import { bytesOfPath, joinPath, textOfPath } from '@webxterm/contracts/file-paths';
import { shellWord } from '@webxterm/contracts/shell-word';
import { useServer } from '../api/server-context.ts';
import { nameOnMachine } from '../files/file-names.ts';
import { plainFiles } from '../files/local-files.ts';
import { useDroppedFiles } from '../files/use-dropped-files.ts';
import { useUploads } from '../files/use-uploads.ts';
import type { Tab } from './tab-store.ts';

const utf8 = new TextEncoder();

interface DropOptions {
  readonly tab: Pick<Tab, 'agentId' | 'sessionId'>;
  /** Whether the user may upload files to the machine. */
  readonly mayUpload: boolean;
  /** Types a text at the cursor. */
  readonly type: (text: string) => void;
  readonly say: (text: string) => void;
}

/** Uploads files that are dropped on a terminal into the directory of its shell, as its Linux user, and types their paths. */
export const useFileDrop = ({ tab, mayUpload, type, say }: DropOptions) => {
  const server = useServer();
  const queue = useUploads();
  const upload = async (files: readonly File[]): Promise<void> => {
    if (!mayUpload) return say('You cannot upload files to this machine.');
    if (tab.sessionId === undefined) return;
    const { directory, linux_user: user } = await server.session(tab.sessionId);
    if (directory === undefined || !directory.startsWith('/'))
      return say('The directory of this shell is not known yet. Try again, or use Files in the menu.');
    const folder = textOfPath(utf8.encode(directory));
    for (const file of files) {
      const name = nameOnMachine(file.name);
      queue.add(plainFiles([file]), {
        folder,
        taken: new Set(),
        makeFolder: (path) => server.makeFolder({ agentId: tab.agentId, user }, path),
        send: (path, content, options) => server.uploadFile({ agentId: tab.agentId, user }, path, content, options),
        onDone: () => {
          queue.removeDone();
          type(`${shellWord(new TextDecoder().decode(bytesOfPath(joinPath(folder, name))))} `);
        },
      });
    }
  };
  const zone = useDroppedFiles(({ files, folders }) => {
    if (folders.length > 0) say('Folders are not uploaded here. Drop them on the Files page.');
    upload(files).catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  });
  return { ...zone, queue };
};
