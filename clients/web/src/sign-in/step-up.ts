import {
  beginStepUpPasskey,
  type PasskeyRequest,
  stepUp,
  stepUpPasskey,
  type UsedCredential,
} from '@webxterm/contracts/rest';
import { ApiError, ask } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from './sign-in.ts';

type Methods = z.output<typeof beginStepUpPasskey.success.schema>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls that wait for the user's confirmation. */
interface Question {
  readonly answered: Promise<boolean>;
  readonly answer: (confirmed: boolean) => void;
}

/**
 * Repeats a call after the user has confirmed the sign-in with the second factor, if the server asks for that. Calls that fail meanwhile
 * wait for the same confirmation.
 */
export class StepUp {
  readonly #signIn: Pick<SignIn, 'withToken'>;
  readonly #fetcher: typeof fetch;
  readonly #passkeyOf: (options: PasskeyRequest) => Promise<UsedCredential>;
  readonly #listeners = new Set<() => void>();
  #question: Question | undefined;

  constructor(
    signIn: Pick<SignIn, 'withToken'>,
    fetcher: typeof fetch,
    passkeyOf: (options: PasskeyRequest) => Promise<UsedCredential>,
  ) {
    this.#passkeyOf = passkeyOf;
    this.#signIn = signIn;
    this.#fetcher = fetcher;
  }

  /** Whether a call waits for the confirmation. */
  get asked(): boolean {
    return this.#question !== undefined;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** As `SignIn.withToken`. @throws the error step_up_required of the call if the user does not confirm */
  async withToken<T>(call: (token: string) => Promise<T>): Promise<T> {
    try {
      return await this.#signIn.withToken(call);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'step_up_required') throw error;
      if (!(await this.#ask())) throw error;
      return this.#signIn.withToken(call);
    }
  }

  /** Confirms with a code. The waiting calls are repeated. @throws ApiError, UnreachableError, SignedOutError */
  async confirm(code: string): Promise<void> {
    await this.#signIn.withToken((token) => ask(this.#fetcher, stepUp, { body: { code }, headers: bearer(token) }));
    this.#end(true);
  }

  /** The ways in which the user can confirm. @throws ApiError, UnreachableError, SignedOutError */
  methods(): Promise<Methods> {
    return this.#signIn.withToken((token) => ask(this.#fetcher, beginStepUpPasskey, { headers: bearer(token) }));
  }

  /** As `confirm`, with a passkey. @throws PasskeyError, ApiError, UnreachableError, SignedOutError */
  async confirmWithPasskey({ ceremony, options }: NonNullable<Methods['passkey']>): Promise<void> {
    const credential = await this.#passkeyOf(options);
    await this.#signIn.withToken((token) =>
      ask(this.#fetcher, stepUpPasskey, { body: { ceremony, credential }, headers: bearer(token) }),
    );
    this.#end(true);
  }

  /** The user does not confirm. */
  cancel(): void {
    this.#end(false);
  }

  #ask(): Promise<boolean> {
    if (this.#question === undefined) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#question = { answered: promise, answer: resolve };
      this.#notify();
    }
    return this.#question.answered;
  }

  #end(confirmed: boolean): void {
    this.#question?.answer(confirmed);
    this.#question = undefined;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
