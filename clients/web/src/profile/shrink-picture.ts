import { maxAvatarBytes } from '@webxterm/contracts/rest';

/** Twice what the server keeps, so that it has something to choose from. */
const side = 240;
const qualities = [0.92, 0.8, 0.6, 0.4];

/** What cannot be put up, in words for a person. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

const bytesOf = (dataUrl: string): number => Math.floor(((dataUrl.length - dataUrl.indexOf(',') - 1) * 3) / 4);

/**
 * A picture of any size and kind that this browser can show, as a small square JPEG: what goes up fits the server's limit, and the way
 * it was held is already applied. @throws PictureError
 */
export const shrinkPicture = async (file: Blob): Promise<string> => {
  const picture = await createImageBitmap(file).catch(() => {
    throw new PictureError('This file is no picture that your browser can read.');
  });
  const edge = Math.min(picture.width, picture.height);
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const paper = canvas.getContext('2d');
  if (paper === null) throw new PictureError('Your browser cannot draw the picture.');
  // JPEG knows no transparency: it would come out black.
  paper.fillStyle = '#fff';
  paper.fillRect(0, 0, side, side);
  paper.drawImage(picture, (picture.width - edge) / 2, (picture.height - edge) / 2, edge, edge, 0, 0, side, side);
  picture.close();
  for (const quality of qualities) {
    const dataUrl = canvas.toDataURL('image/jpeg', quality);
    if (bytesOf(dataUrl) <= maxAvatarBytes) return dataUrl;
  }
  throw new PictureError('This picture stays too large however it is pressed.');
};
