import type { Api } from '@webxterm/shared/api';
import type { AccessTokenParts } from '../access-tokens/wiring.ts';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { mountProgramLogins } from './http.ts';
import { ProgramLoginStore } from './program-login-store.ts';
import { ProgramLogins } from './program-logins.ts';

/** Log-ins of programs through the browser. */
export const wireProgramLogins = (parts: Core & SigninParts & ThrottlingParts & AccessTokenParts) => {
  const programLogins = new ProgramLogins({ ...parts, logins: new ProgramLoginStore(parts.connection) });
  return { mountProgramLogins: (api: Api): void => mountProgramLogins(api, { ...parts, programLogins }) };
};
