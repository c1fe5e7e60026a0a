import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { AgentId, LinuxUserName, SessionId } from '@webxterm/contracts/rest';
import { z } from 'zod';
import { AuditSearch } from './audit/audit-search.ts';
import { FilesSearch, ViewSearch } from './files/files-search.ts';
import { AppLayout } from './layout/app-layout.tsx';
import { Crash } from './layout/crash.tsx';
import { NotFound } from './layout/not-found.tsx';
import { MachineListSearch } from './machines/list-settings.ts';
import { LiveContext, useLiveMachines } from './machines/live-machines.ts';
import { MachineListPage } from './machines/machine-list-page.tsx';
import { MachinePage } from './machines/machine-page.tsx';
import { SessionsPage } from './sessions/sessions-page.tsx';
import { LoginPage } from './sign-in/login-page.tsx';
import { pathAfterSignIn } from './sign-in/next-path.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import { SignupPage } from './sign-in/signup-page.tsx';
import { UserListSearch } from './users/user-list-search.ts';

const root = createRootRouteWithContext<{ signIn: SignIn }>()({
  component: Outlet,
  notFoundComponent: () => (
    <main style={{ width: '100%', maxWidth: 760, margin: '0 auto', padding: '2rem 1rem' }}>
      <NotFound />
    </main>
  ),
});

/** `?next=`: the page to open after sign-in. */
const AfterSignIn = z.object({ next: z.string().optional().catch(undefined) });

const signedOut = createRoute({
  getParentRoute: () => root,
  id: 'signed-out',
  validateSearch: AfterSignIn,
  beforeLoad: ({ context, search }) => {
    if (context.signIn.state.state === 'in') throw redirect({ href: pathAfterSignIn(search.next), replace: true });
  },
});

const SignedIn = () => (
  <LiveContext value={useLiveMachines()}>
    <Outlet />
  </LiveContext>
);

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: SignedIn,
  beforeLoad: ({ context, location }) => {
    if (context.signIn.state.state === 'in') return;
    const next = location.href === '/' ? undefined : location.href;
    throw redirect({ to: '/login', search: { next }, replace: true });
  },
});

const framed = createRoute({ getParentRoute: () => signedIn, id: 'framed', component: AppLayout });

const routes = root.addChildren([
  signedOut.addChildren([
    createRoute({ getParentRoute: () => signedOut, path: '/login', component: LoginPage }),
    createRoute({ getParentRoute: () => signedOut, path: '/signup', component: SignupPage }),
  ]),
  // Open to signed-in users, too, because the link may belong to another account.
  createRoute({
    getParentRoute: () => root,
    path: '/setup',
    component: lazyRouteComponent(() => import('./sign-in/setup-page.tsx'), 'SetupPage'),
  }),
  // Open to signed-out users, too: it keeps the secret behind `#` while they sign in.
  createRoute({
    getParentRoute: () => root,
    path: '/join',
    component: lazyRouteComponent(() => import('./sharing/join-page.tsx'), 'JoinPage'),
  }),
  // Open to signed-in users, too, because it links their account.
  createRoute({
    getParentRoute: () => root,
    path: '/sign-in/$provider',
    component: lazyRouteComponent(() => import('./sign-in/provider-return-page.tsx'), 'ProviderReturnPage'),
  }),
  signedIn.addChildren([
    framed.addChildren([
      createRoute({
        getParentRoute: () => framed,
        path: '/',
        component: MachineListPage,
        validateSearch: MachineListSearch,
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/machines/add',
        component: lazyRouteComponent(() => import('./machines/add-machine-page.tsx'), 'AddMachinePage'),
      }),
      createRoute({ getParentRoute: () => framed, path: '/machines/$agentId', component: MachinePage }),
      createRoute({
        getParentRoute: () => framed,
        path: '/machines/$agentId/files',
        validateSearch: FilesSearch,
        component: lazyRouteComponent(() => import('./files/files-page.tsx'), 'FilesPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/machines/$agentId/files/view',
        validateSearch: ViewSearch,
        component: lazyRouteComponent(() => import('./files/view/view-page.tsx'), 'ViewPage'),
      }),
      createRoute({ getParentRoute: () => framed, path: '/sessions', component: SessionsPage }),
      createRoute({
        getParentRoute: () => framed,
        path: '/recordings',
        validateSearch: z.object({
          machine: AgentId.optional().catch(undefined),
          q: z.string().max(200).optional().catch(undefined),
        }),
        component: lazyRouteComponent(() => import('./recordings/recordings-page.tsx'), 'RecordingsPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/recordings/$recordingId',
        component: lazyRouteComponent(() => import('./recordings/player-page.tsx'), 'PlayerPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/runs',
        component: lazyRouteComponent(() => import('./runs/runs-page.tsx'), 'RunsPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/runs/new',
        component: lazyRouteComponent(() => import('./runs/new-run-page.tsx'), 'NewRunPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/runs/$runId',
        component: lazyRouteComponent(() => import('./runs/run-page.tsx'), 'RunPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/dashboard',
        component: lazyRouteComponent(() => import('./dashboard/dashboard-page.tsx'), 'DashboardPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/profile',
        component: lazyRouteComponent(() => import('./profile/profile-page.tsx'), 'ProfilePage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/users',
        validateSearch: UserListSearch,
        component: lazyRouteComponent(() => import('./users/users-page.tsx'), 'UsersPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/groups',
        component: lazyRouteComponent(() => import('./groups/groups-page.tsx'), 'GroupsPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/updates',
        component: lazyRouteComponent(() => import('./updates/updates-page.tsx'), 'UpdatesPage'),
      }),
      createRoute({
        getParentRoute: () => framed,
        path: '/audit',
        validateSearch: AuditSearch,
        component: lazyRouteComponent(() => import('./audit/audit-page.tsx'), 'AuditPage'),
      }),
    ]),
    createRoute({
      getParentRoute: () => signedIn,
      path: '/terminal/$agentId',
      validateSearch: z.object({
        session: SessionId.optional().catch(undefined),
        user: LinuxUserName.optional().catch(undefined),
      }),
      component: lazyRouteComponent(() => import('./terminal/terminal-page.tsx'), 'TerminalPage'),
    }),
    createRoute({
      getParentRoute: () => signedIn,
      path: '/authorize',
      validateSearch: z.object({ request: z.string().max(64).optional().catch(undefined) }),
      component: lazyRouteComponent(() => import('./authorize/authorize-page.tsx'), 'AuthorizePage'),
    }),
    createRoute({
      getParentRoute: () => signedIn,
      path: '/shared/$shareId',
      component: lazyRouteComponent(() => import('./sharing/visit-page.tsx'), 'SharedPage'),
    }),
    createRoute({
      getParentRoute: () => signedIn,
      path: '/watch/$agentId/$sessionId',
      component: lazyRouteComponent(() => import('./sharing/visit-page.tsx'), 'WatchPage'),
    }),
  ]),
]);

export const newRouter = (signIn: SignIn) =>
  createRouter({
    routeTree: routes,
    context: { signIn },
    defaultPreload: 'intent',
    defaultErrorComponent: Crash,
    defaultNotFoundComponent: () => <NotFound />,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
