import { Alert, Skeleton } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import classes from './view-page.module.css';

/** The largest picture that is drawn: a small file can contain a picture that takes gigabytes of memory. */
const maxPixels = 64 * 1024 * 1024;

type State = 'loading' | 'drawn' | 'failed';

/** Draws a picture on a canvas, so that it needs no address that the content security policy would have to allow. */
export const ImageView = ({ image, name }: { image: Blob; name: string }) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState<State>('loading');
  useEffect(() => {
    let closed = false;
    const draw = async (): Promise<void> => {
      const bitmap = await createImageBitmap(image);
      const { width, height } = bitmap;
      const context = canvas.current?.getContext('2d');
      if (!closed && width * height <= maxPixels && canvas.current !== null && context !== null) {
        Object.assign(canvas.current, { width, height });
        context?.drawImage(bitmap, 0, 0);
        setState('drawn');
      } else if (!closed) setState('failed');
      bitmap.close();
    };
    draw().catch(() => {
      if (!closed) setState('failed');
    });
    return () => {
      closed = true;
    };
  }, [image]);
  return (
    <>
      {state === 'loading' && <Skeleton height={200} radius="md" />}
      {state === 'failed' && (
        <Alert variant="light" color="yellow" title="This picture cannot be shown">
          It is broken, of a kind that this browser does not know, or too large. Download it to look at it.
        </Alert>
      )}
      <canvas ref={canvas} className={classes.image} role="img" aria-label={name} hidden={state !== 'drawn'} />
    </>
  );
};
