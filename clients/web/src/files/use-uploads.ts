import { useEffect, useState } from 'react';
import { UploadQueue } from './upload-queue.ts';

/** A queue whose uploads end with the component. Before the page is left while one runs, the browser asks. */
export const useUploads = (): UploadQueue => {
  const [queue] = useState(() => new UploadQueue());
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (queue.isBusy) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => {
      window.removeEventListener('beforeunload', ask);
      queue.removeAll();
    };
  }, [queue]);
  return queue;
};
