/** The page to open after sign-in. Only paths of this site are accepted, so not `//evil.example`. */
export const pathAfterSignIn = (next: string | undefined): string => {
  if (next === undefined || !next.startsWith('/')) return '/';
  const base = 'https://here.invalid';
  const url = URL.parse(next, base);
  return url?.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
};
