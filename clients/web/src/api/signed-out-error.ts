/** No user is signed in, so a retry is useless before the next sign-in. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
  constructor() {
    super('You are signed out. Sign in again.');
  }
}
