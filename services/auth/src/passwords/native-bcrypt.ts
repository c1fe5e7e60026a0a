import { createRequire } from 'node:module';

type Bcrypt = typeof import('bcrypt');

/** @throws Error with the remedy when bcrypt was installed for another system */
export const nativeBcrypt = (): Bcrypt => {
  try {
    const bcrypt: Bcrypt = createRequire(import.meta.url)('bcrypt');
    return bcrypt;
  } catch (error) {
    throw new Error(
      `bcrypt has no native part for ${process.platform} on ${process.arch}: its packages, or the image, were made for another ` +
        'system. Install anew on this machine (npm ci), or take an image of this architecture (docker build --platform)',
      { cause: error },
    );
  }
};
