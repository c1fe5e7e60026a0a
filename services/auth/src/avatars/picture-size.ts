/** The size in pixels that the file's header declares. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

const ofPng = (file: Buffer): PictureSize | undefined =>
  file.length >= 24 && file.subarray(0, 8).equals(pngSignature) && file.toString('latin1', 12, 16) === 'IHDR'
    ? { width: file.readUInt32BE(16), height: file.readUInt32BE(20) }
    : undefined;

/** Markers of a frame header (SOF0 to SOF15), without DHT, JPG and DAC, which lie between them. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Reads the segments up to the frame header. Each has its length after the marker (ITU T.81, B.1.1). */
const ofJpeg = (file: Buffer): PictureSize | undefined => {
  if (file.length < 4 || file.readUInt16BE(0) !== 0xffd8) return undefined;
  let at = 2;
  while (at + 9 <= file.length && file[at] === 0xff) {
    const marker = file[at + 1] ?? 0;
    if (isFrameHeader(marker)) return { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) };
    // A marker may follow any number of fill bytes.
    at += marker === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return undefined;
};

/** RFC 9649, 2.4 to 2.7: the size of the canvas, or of the only frame of a lossy or lossless picture. */
const ofWebp = (file: Buffer): PictureSize | undefined => {
  if (file.length < 30 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP')
    return undefined;
  const chunk = file.toString('latin1', 12, 16);
  if (chunk === 'VP8X') return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
  if (chunk === 'VP8 ') return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const bits = file.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
};

/** The size of a PNG, JPEG or WebP picture, undefined for any other content. It decodes nothing, and it ignores the declared type. */
export const pictureSize = (file: Buffer): PictureSize | undefined => ofPng(file) ?? ofJpeg(file) ?? ofWebp(file);
