import { maxAvatarBytes } from '@webxterm/contracts/rest';

/** Edge length in pixels: twice the server's, for a better result of its own scaling. */
const side = 240;
const qualities = [0.92, 0.8, 0.6, 0.4];

/** A picture cannot be uploaded. The message is for the user. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

const bytesOf = (dataUrl: string): number => Math.floor(((dataUrl.length - dataUrl.indexOf(',') - 1) * 3) / 4);

/**
 * Converts a picture of any size and format that this browser supports to a small square JPEG. It fits the server's limit, and the EXIF
 * rotation is applied. @throws PictureError
 */
export const shrinkPicture = async (file: Blob): Promise<string> => {
  const picture = await createImageBitmap(file).catch(() => {
    throw new PictureError('Your browser cannot read this file as a picture. Choose another one.');
  });
  const edge = Math.min(picture.width, picture.height);
  const canvas = document.createElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const paper = canvas.getContext('2d');
  if (paper === null) throw new PictureError('Your browser cannot draw the picture.');
  // JPEG has no transparency. Without this, transparent parts would become black.
  paper.fillStyle = '#fff';
  paper.fillRect(0, 0, side, side);
  paper.drawImage(picture, (picture.width - edge) / 2, (picture.height - edge) / 2, edge, edge, 0, 0, side, side);
  picture.close();
  for (const quality of qualities) {
    const dataUrl = canvas.toDataURL('image/jpeg', quality);
    if (bytesOf(dataUrl) <= maxAvatarBytes) return dataUrl;
  }
  throw new PictureError('This picture is too large, even compressed. Choose another one.');
};
