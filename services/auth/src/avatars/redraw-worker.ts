import { parentPort, workerData } from 'node:worker_threads';
import photon from '@silvia-odwyer/photon-node';
import type { RedrawJob } from './redraw.ts';

/** The side of the square in pixels. As PNG it is below 64 KiB for any content (120 x 120 x 4 = 57,600). */
const side = 120;

const redraw = ({ file, width, height }: RedrawJob): Uint8Array => {
  const picture = photon.PhotonImage.new_from_byteslice(file);
  if (picture.get_width() !== width || picture.get_height() !== height) throw new Error('the header has a wrong size');
  const edge = Math.min(width, height);
  const [left, top] = [(width - edge) >> 1, (height - edge) >> 1];
  const square = photon.crop(picture, left, top, left + edge, top + edge);
  return photon.resize(square, side, side, photon.SamplingFilter.Lanczos3).get_bytes();
};

const job: RedrawJob = workerData;
parentPort?.postMessage(redraw(job));
