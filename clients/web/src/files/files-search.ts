import { FilePath, LinuxUserName } from '@webxterm/contracts/rest';
import { z } from 'zod';

/** `?path=`: the folder, by default the home folder. `?user=`: the Linux user, by default that of the machine. */
export const FilesSearch = z.object({
  path: FilePath.optional().catch(undefined),
  user: LinuxUserName.optional().catch(undefined),
});

/** `?path=`: the file. `?user=`: as above. */
export const ViewSearch = FilesSearch.extend({ path: FilePath.catch('/') });
