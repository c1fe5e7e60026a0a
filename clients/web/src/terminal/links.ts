/** The target of a link in the output if it may be opened: http or https. Otherwise undefined. */
export const followable = (target: string): string | undefined => {
  const url = URL.parse(target);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined;
};

/** Opens a checked address in a new browser tab without a reference to this one. */
export const openLink = (address: string): void => {
  window.open(address, '_blank', 'noopener,noreferrer');
};
