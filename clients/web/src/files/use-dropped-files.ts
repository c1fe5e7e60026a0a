import { type DragEvent, useRef, useState } from 'react';

interface DropZone {
  /** Whether files are dragged over the element. */
  readonly dragging: boolean;
  /** Handlers of the element. */
  readonly handlers: Readonly<
    Record<'onDragEnter' | 'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void>
  >;
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer.types.includes('Files');

/** A folder is dropped like a file, and reading it fails. */
const filesOf = ({ dataTransfer }: DragEvent): File[] =>
  [...dataTransfer.items].flatMap((item) => {
    const file = item.webkitGetAsEntry()?.isDirectory === true ? null : item.getAsFile();
    return file === null ? [] : [file];
  });

/** Lets files be dropped on an element. `take` undefined: they are not taken, and the browser does not open them either. */
export const useDroppedFiles = (take: ((files: readonly File[]) => void) | undefined): DropZone => {
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
        take?.(filesOf(event));
      },
    },
  };
};
