/** Those that sshd accepts on most systems: the language, and what a program should know of the terminal; and the version of git's protocol. */
const accepted = /^(?:LANG|LC_[A-Z_]{1,24}|COLORTERM|NO_COLOR|GIT_PROTOCOL)$/;
/** Characters that mean nothing to any shell. */
const plain = /^[A-Za-z0-9_.,@:=+-]{0,128}$/;
const plainTerm = /^[A-Za-z0-9_.+-]{1,64}$/;
const maxVariables = 32;

/** The environment that a client asks for, as far as it is accepted. */
export class ClientVariables {
  readonly #values = new Map<string, string>();

  /** @returns whether the variable is accepted */
  add(name: string, value: string): boolean {
    if (!accepted.test(name) || !plain.test(value)) return false;
    if (!this.#values.has(name) && this.#values.size >= maxVariables) return false;
    this.#values.set(name, value);
    return true;
  }

  /** `term`: the terminal of the client, undefined for none. */
  of(term: string | undefined): Record<string, string> {
    return {
      ...Object.fromEntries(this.#values),
      ...(term !== undefined && plainTerm.test(term) ? { TERM: term } : {}),
    };
  }
}
