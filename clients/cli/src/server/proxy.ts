import { setGlobalProxyFromEnv } from 'node:http';
import { proxyEnvironment } from '../configuration/environment.ts';

let used = false;

/** Makes every request and WebSocket of this process use the proxy of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). */
export const useProxy = (): void => {
  if (used) return;
  used = true;
  setGlobalProxyFromEnv(proxyEnvironment());
};
