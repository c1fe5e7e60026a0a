/** How long the browser has to begin with the file before its address goes. */
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
