import type { Page } from 'playwright-core';

/** The ids of what the pages show. */
export interface Shown {
  readonly machine: string;
  readonly session: string;
  readonly recording: string;
  readonly run: string;
  readonly share: string;
  /** The request of a program for an access token. */
  readonly programLogin: string;
}

/** One state of a page. */
export interface View {
  /** The name of its pictures. */
  readonly name: string;
  /** The path of its route, with `$` before a parameter. */
  readonly page: string;
  /** The browser in which it is opened: of nobody, of a new user without a machine, or of the administrator. */
  readonly as: 'nobody' | 'newcomer' | 'administrator';
  readonly path: (shown: Shown) => string;
  /** Resolves when the state is there, after what a user does to reach it. */
  readonly ready?: (page: Page) => Promise<unknown>;
}

const text = (wanted: string | RegExp) => (page: Page) => page.getByText(wanted).first().waitFor();

const press =
  (keys: string, dialog: string) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.keyboard.press(keys);
    await page.getByLabel(dialog).first().waitFor();
  };

const prompt = (page: Page): Promise<void> => page.getByTestId('terminal').first().getByText(/[$#]/).first().waitFor();

const menuItem = (item: string) => async (page: Page) => {
  await prompt(page);
  await page.getByRole('button', { name: 'Terminal menu' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog').waitFor();
};

const signedOut: readonly View[] = [
  { name: 'sign-in', page: '/login', as: 'nobody', path: () => '/login' },
  {
    name: 'sign-in-refused',
    page: '/login',
    as: 'nobody',
    path: () => '/login',
    ready: async (page) => {
      await page.getByLabel('E-mail').fill('nobody@example.com');
      await page.getByLabel('Password', { exact: true }).fill('a wrong password');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('alert').first().waitFor();
    },
  },
  { name: 'sign-up', page: '/signup', as: 'nobody', path: () => '/signup' },
  { name: 'set-up-link-invalid', page: '/setup', as: 'nobody', path: () => '/setup' },
  { name: 'provider-return-refused', page: '/sign-in/$provider', as: 'nobody', path: () => '/sign-in/test' },
  { name: 'share-link-invalid', page: '/join', as: 'administrator', path: () => '/join#wrong' },
];

const empty = ['/', '/dashboard', '/sessions', '/recordings', '/runs'].map(
  (path): View => ({
    name: `${path === '/' ? 'machines' : path.slice(1)}-empty`,
    page: path,
    as: 'newcomer',
    path: () => path,
  }),
);

const ofMachine: readonly View[] = [
  { name: 'machine', page: '/machines/$agentId', as: 'administrator', path: ({ machine }) => `/machines/${machine}` },
  {
    name: 'machine-not-found',
    page: '/machines/$agentId',
    as: 'newcomer',
    path: ({ machine }) => `/machines/${machine}`,
  },
  {
    name: 'files',
    page: '/machines/$agentId/files',
    as: 'administrator',
    path: ({ machine }) => `/machines/${machine}/files?path=/etc`,
    ready: text('passwd'),
  },
  {
    name: 'file-view',
    page: '/machines/$agentId/files/view',
    as: 'administrator',
    path: ({ machine }) => `/machines/${machine}/files/view?path=/etc/profile`,
    ready: text('PATH'),
  },
  { name: 'add-machine', page: '/machines/add', as: 'administrator', path: () => '/machines/add' },
  {
    name: 'add-machine-waiting',
    page: '/machines/add',
    as: 'administrator',
    path: () => '/machines/add',
    ready: async (page) => {
      const name = page.getByLabel('Name', { exact: true });
      const waiting = page.getByText('Waiting for').first();
      await name.or(waiting).first().waitFor();
      if (await name.isVisible()) {
        await name.fill('web-1');
        await page.getByRole('button', { name: 'Get the install command' }).click();
      }
      await waiting.waitFor();
    },
  },
];

const ofTerminal: readonly View[] = [
  {
    name: 'terminal',
    page: '/terminal/$agentId',
    as: 'administrator',
    path: ({ machine, session }) => `/terminal/${machine}?session=${session}`,
    ready: prompt,
  },
  {
    name: 'terminal-settings',
    page: '/terminal/$agentId',
    as: 'administrator',
    path: ({ machine, session }) => `/terminal/${machine}?session=${session}`,
    ready: menuItem('Settings'),
  },
  {
    name: 'terminal-refused',
    page: '/terminal/$agentId',
    as: 'newcomer',
    path: ({ machine }) => `/terminal/${machine}`,
  },
  {
    name: 'share',
    page: '/shared/$shareId',
    as: 'newcomer',
    path: ({ share }) => `/shared/${share}`,
    ready: prompt,
  },
  {
    name: 'watch-refused',
    page: '/watch/$agentId/$sessionId',
    as: 'newcomer',
    path: ({ machine, session }) => `/watch/${machine}/${session}`,
  },
];

const others: readonly View[] = [
  { name: 'machines', page: '/', as: 'administrator', path: () => '/' },
  {
    name: 'machines-nothing-found',
    page: '/',
    as: 'administrator',
    path: () => '/?search=no-machine-has-this-name',
  },
  { name: 'palette', page: '/', as: 'administrator', path: () => '/', ready: press('Control+K', 'Command palette') },
  {
    name: 'about',
    page: '/',
    as: 'administrator',
    path: () => '/',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Account of' }).click();
      await page.getByRole('menuitem', { name: 'About WebXTerm' }).click();
      await page.getByText(/^WebXTerm \d/).waitFor();
    },
  },
  { name: 'sessions', page: '/sessions', as: 'administrator', path: () => '/sessions' },
  { name: 'recordings', page: '/recordings', as: 'administrator', path: () => '/recordings' },
  { name: 'recording-search', page: '/recordings', as: 'administrator', path: () => '/recordings?q=conf' },
  {
    name: 'recording',
    page: '/recordings/$recordingId',
    as: 'administrator',
    path: ({ recording }) => `/recordings/${recording}`,
  },
  { name: 'runs', page: '/runs', as: 'administrator', path: () => '/runs' },
  { name: 'new-run', page: '/runs/new', as: 'administrator', path: () => '/runs/new' },
  { name: 'run', page: '/runs/$runId', as: 'administrator', path: ({ run }) => `/runs/${run}`, ready: text('Done') },
  { name: 'authorize-code', page: '/authorize', as: 'administrator', path: () => '/authorize' },
  {
    name: 'authorize',
    page: '/authorize',
    as: 'administrator',
    path: ({ programLogin }) => `/authorize?request=${programLogin}`,
  },
  { name: 'dashboard', page: '/dashboard', as: 'administrator', path: () => '/dashboard' },
  { name: 'profile', page: '/profile', as: 'administrator', path: () => '/profile' },
  { name: 'users', page: '/users', as: 'administrator', path: () => '/users' },
  { name: 'groups', page: '/groups', as: 'administrator', path: () => '/groups' },
  { name: 'users-refused', page: '/users', as: 'newcomer', path: () => '/users' },
  { name: 'updates', page: '/updates', as: 'administrator', path: () => '/updates' },
  { name: 'audit', page: '/audit', as: 'administrator', path: () => '/audit' },
];

/** Each state of each page, in the order in which the pictures are taken. */
export const views: readonly View[] = [...signedOut, ...empty, ...others, ...ofMachine, ...ofTerminal];
