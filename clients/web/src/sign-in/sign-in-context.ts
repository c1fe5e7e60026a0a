import { useSyncExternalStore } from 'react';
import { requiredContext } from '../api/required-context.ts';
import type { SignedInUser, SignIn, SignInState } from './sign-in.ts';

export const [SignInProvider, useSignIn] = requiredContext<SignIn>('useSignIn');

export const useSignInState = (): SignInState => {
  const signIn = useSignIn();
  return useSyncExternalStore(signIn.subscribe, () => signIn.state);
};

/** The signed-in user. Undefined between sign-out and the display of the sign-in page. */
export const useUser = (): SignedInUser | undefined => {
  const state = useSignInState();
  return state.state === 'in' ? state.user : undefined;
};
