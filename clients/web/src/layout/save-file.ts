/** Time for the browser to start the download before the object URL is revoked, ms. */
const keepMs = 60_000;

/** Hands a file to the browser as a download. */
export const saveFile = (file: Blob, name: string): void => {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), keepMs);
};
