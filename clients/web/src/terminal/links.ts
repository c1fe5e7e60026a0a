/** The address behind a link in the terminal's output if it is one to follow: http or https, else undefined. */
export const followable = (target: string): string | undefined => {
  const url = URL.parse(target);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined;
};

/** Opens a checked address in a new browser tab that knows nothing of this one. */
export const openLink = (address: string): void => {
  window.open(address, '_blank', 'noopener,noreferrer');
};
