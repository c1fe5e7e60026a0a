import { type DragEvent, useRef, useState } from 'react';
import { isFolder } from './local-files.ts';

/** Files and folders that were dropped. The entries of the folders are not read yet. */
export interface Dropped {
  readonly files: readonly File[];
  readonly folders: readonly FileSystemDirectoryEntry[];
}

interface DropZone {
  /** Whether files are dragged over the element. */
  readonly dragging: boolean;
  /** Handlers of the element. */
  readonly handlers: Readonly<
    Record<'onDragEnter' | 'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void>
  >;
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer.types.includes('Files');

/** A browser forgets the items when the event is over. */
const droppedIn = ({ dataTransfer }: DragEvent): Dropped => {
  const [files, folders]: [File[], FileSystemDirectoryEntry[]] = [[], []];
  for (const item of dataTransfer.items) {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry !== null && isFolder(entry)) folders.push(entry);
    else if (file !== null) files.push(file);
  }
  return { files, folders };
};

/** Lets files be dropped on an element. `take` undefined: they are not taken, and the browser does not open them either. */
export const useDroppedFiles = (take: ((dropped: Dropped) => void) | undefined): DropZone => {
  // Each child that is entered or left causes events of its own.
  const depth = useRef(0);
  const [dragging, setDragging] = useState(false);
  const moved = (by: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current = Math.max(0, depth.current + by);
    setDragging(depth.current > 0 && take !== undefined);
  };
  return {
    dragging,
    handlers: {
      onDragEnter: moved(1),
      onDragOver: moved(0),
      onDragLeave: moved(-1),
      onDrop: (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setDragging(false);
        take?.(droppedIn(event));
      },
    },
  };
};
