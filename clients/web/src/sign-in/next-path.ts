/** Where to go after signing in: a path of this site only, whatever the address says (`//evil.example` is none). */
export const pathAfterSignIn = (next: string | undefined): string => {
  if (next === undefined || !next.startsWith('/')) return '/';
  const base = 'https://here.invalid';
  const url = URL.parse(next, base);
  return url?.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
};
