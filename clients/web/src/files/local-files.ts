/** A file of this computer that is uploaded, or an empty folder. */
export interface LocalFile {
  /** Undefined: an empty folder. */
  readonly file: File | undefined;
  /** The names of the folders that contain it, from the dropped or chosen one on. Of an empty folder: with its own. */
  readonly folders: readonly string[];
}

/** Entries of folders that are taken at once. The page keeps a row for each. */
const maxEntries = 10_000;

/** Files without a folder. */
export const plainFiles = (files: readonly File[]): readonly LocalFile[] =>
  files.map((file) => ({ file, folders: [] }));

/** The files of a folder that was chosen by a button. */
export const chosenFolder = (files: readonly File[]): readonly LocalFile[] => {
  requireBound(files.length);
  return files.map((file) => ({ file, folders: file.webkitRelativePath.split('/').slice(0, -1) }));
};

/** Everything in the folders that were dropped. @throws Error if it is too much, or cannot be read */
export const filesIn = async (folders: readonly FileSystemDirectoryEntry[]): Promise<readonly LocalFile[]> => {
  const found: LocalFile[] = [];
  const left: { entry: FileSystemDirectoryEntry; folders: readonly string[] }[] = folders.map((entry) => ({
    entry,
    folders: [entry.name],
  }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { entry, folders: names } = next;
    const entries = await entriesOf(entry);
    if (entries.length === 0) found.push({ file: undefined, folders: names });
    for (const inside of entries) {
      if (isFolder(inside)) left.push({ entry: inside, folders: [...names, inside.name] });
      else if (isFile(inside)) found.push({ file: await fileOf(inside), folders: names });
      requireBound(found.length + left.length);
    }
  }
  return found;
};

const requireBound = (entries: number): void => {
  if (entries > maxEntries)
    throw new Error(`More than ${maxEntries} files cannot be uploaded at once here. Use vsay cp -r, or an archive.`);
};

export const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });

/** A browser gives at most 100 entries at a time. */
const entriesOf = async (folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> => {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
    requireBound(all.length);
  }
};
