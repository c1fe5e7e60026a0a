/** The pages of the web UI, as in its router (a test in clients/web compares them). `$` begins a parameter. */
export const uiPages = [
  '/',
  '/login',
  '/signup',
  '/setup',
  '/sign-in/$provider',
  '/machines/add',
  '/machines/$agentId',
  '/machines/$agentId/files',
  '/machines/$agentId/files/view',
  '/sessions',
  '/recordings',
  '/recordings/$recordingId',
  '/runs',
  '/runs/new',
  '/runs/$runId',
  '/dashboard',
  '/profile',
  '/authorize',
  '/updates',
  '/users',
  '/groups',
  '/audit',
  '/terminal/$agentId',
  '/join',
  '/shared/$shareId',
  '/watch/$agentId/$sessionId',
] as const;

const patterns = uiPages.map((page) => new RegExp(`^${page.replaceAll(/\$\w+/g, '[^/]+')}/?$`));

/** Whether a path is a page of the web UI, with or without a trailing slash. */
export const isUiPage = (path: string): boolean => patterns.some((pattern) => pattern.test(path));
