import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef } from 'react';
import type { Server } from './api/server.ts';
import { ServerProvider } from './api/server-context.ts';
import { cssVariables, theme } from './brand/theme.ts';
import { PlainHttp } from './layout/plain-http.tsx';
import { StartPage } from './layout/start-page.tsx';
import type { newRouter } from './router.tsx';
import type { SignIn } from './sign-in/sign-in.ts';
import { SignInProvider, useSignInState } from './sign-in/sign-in-context.ts';
import type { StepUp } from './sign-in/step-up.ts';
import { StepUpDialog } from './sign-in/step-up-dialog.tsx';

interface AppProps {
  readonly signIn: SignIn;
  readonly stepUp: StepUp;
  readonly server: Server;
  readonly queries: QueryClient;
  readonly router: ReturnType<typeof newRouter>;
}

const EnrolPage = lazy(() => import('./sign-in/enrol-page.tsx').then((module) => ({ default: module.EnrolPage })));
const colorSchemes = localStorageColorSchemeManager({ key: 'webxterm.color-scheme' });

export const App = (props: AppProps) => (
  <MantineProvider
    theme={theme}
    cssVariablesResolver={cssVariables}
    defaultColorScheme="auto"
    colorSchemeManager={colorSchemes}
  >
    <QueryClientProvider client={props.queries}>
      <ServerProvider value={props.server}>
        <SignInProvider value={props.signIn}>
          <PlainHttp />
          <Pages {...props} />
          <StepUpDialog stepUp={props.stepUp} />
        </SignInProvider>
      </ServerProvider>
    </QueryClientProvider>
  </MantineProvider>
);

const Pages = ({ signIn, queries, router }: AppProps) => {
  const state = useSignInState();
  const signedIn = state.state === 'in' ? true : state.state === 'out' ? false : undefined;
  const before = useRef(signedIn);
  useEffect(() => {
    // While the sign-in is restored, a load would redirect to the sign-in page and back, and the history entry would lose its state.
    if (signedIn === undefined) return;
    // The next account must not see cached data of this one.
    if (!signedIn) queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'well-known' });
    if (before.current !== undefined && before.current !== signedIn) void router.invalidate();
    before.current = signedIn;
  }, [signedIn, queries, router]);
  if (state.state === 'restoring') return <StartPage />;
  if (state.state === 'unreachable') return <StartPage error={state.error} onRetry={() => void signIn.restore()} />;
  if (state.state === 'in' && state.mustEnrol)
    return (
      <Suspense fallback={<StartPage />}>
        <EnrolPage />
      </Suspense>
    );
  return <RouterProvider router={router} />;
};
