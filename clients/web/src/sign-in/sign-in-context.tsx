import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import type { SignedInUser, SignIn, SignInState } from './sign-in.ts';

const SignInContext = createContext<SignIn | undefined>(undefined);

export const SignInProvider = ({ signIn, children }: { signIn: SignIn; children: ReactNode }) => (
  <SignInContext value={signIn}>{children}</SignInContext>
);

export const useSignIn = (): SignIn => {
  const signIn = useContext(SignInContext);
  if (signIn === undefined) throw new Error('useSignIn outside of SignInProvider');
  return signIn;
};

export const useSignInState = (): SignInState => {
  const signIn = useSignIn();
  return useSyncExternalStore(signIn.subscribe, () => signIn.state);
};

/** The signed-in user. Undefined between sign-out and the display of the sign-in page. */
export const useUser = (): SignedInUser | undefined => {
  const state = useSignInState();
  return state.state === 'in' ? state.user : undefined;
};
