import chromium from '@sparticuz/chromium';

/** Unpacks the browser once, before files that run side by side each would. */
export const setup = async (): Promise<void> => {
  await chromium.executablePath();
};
