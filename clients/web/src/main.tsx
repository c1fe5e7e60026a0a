import './zod-without-eval.ts';
import '@mantine/core/styles.layer.css';
import './brand/base.css';
import { createRoot } from 'react-dom/client';
import { newQueryClient } from './api/query-client.ts';
import { serverFor } from './api/server.ts';
import { App } from './app.tsx';
import { newRouter } from './router.tsx';
import { localHalves, oneTabAtATime } from './sign-in/browser-half.ts';
import { usePasskeyOf } from './sign-in/passkey.ts';
import { SignIn } from './sign-in/sign-in.ts';
import { StepUp } from './sign-in/step-up.ts';
import { openStorage } from './storage/kept-values.ts';

const fetcher: typeof fetch = (input, init) => fetch(input, init);
const signIn = new SignIn({
  fetcher,
  halves: localHalves(openStorage('localStorage'), window),
  exclusively: oneTabAtATime,
  now: () => Date.now(),
  passkeyOf: usePasskeyOf,
});
const stepUp = new StepUp(signIn, fetcher, usePasskeyOf);
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <App
    signIn={signIn}
    stepUp={stepUp}
    server={serverFor(stepUp, fetcher)}
    queries={newQueryClient()}
    router={newRouter(signIn)}
  />,
);
void signIn.restore();
