import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import { mountFactorPolicy } from './http.ts';

/** The policy for second factors, and its routes. */
export const wireFactorPolicy = (parts: Core & SigninParts) => ({
  mountFactorPolicy: (api: Api): void => mountFactorPolicy(api, parts),
});
