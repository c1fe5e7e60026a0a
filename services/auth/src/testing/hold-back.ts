type ArgsOf<F> = F extends (...args: infer A extends unknown[]) => unknown ? A : never;

export interface HeldBack {
  /** Resolves when the call has reached the point where it is held. */
  readonly reached: Promise<void>;
  release(): void;
}

/**
 * Holds the next call of a method of the real class: before its work, or after it and before its caller gets the result. `which`: selects
 * the calls.
 */
export const holdBack = <T extends object, K extends keyof T>(
  when: 'before' | 'after',
  prototype: T,
  name: K,
  which: (...args: ArgsOf<T[K]>) => boolean = () => true,
): HeldBack => {
  const original: unknown = prototype[name];
  if (typeof original !== 'function') throw new Error(`${String(name)} is no method`);
  const put = (value: unknown): void => {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  };
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  put(async function (this: unknown, ...args: ArgsOf<T[K]>): Promise<unknown> {
    if (!which(...args)) return Reflect.apply(original, this, args);
    put(original);
    const wait = (): Promise<void> => {
      reached.resolve();
      return released.promise;
    };
    if (when === 'before') await wait();
    const result: unknown = await Reflect.apply(original, this, args);
    if (when === 'after') await wait();
    return result;
  });
  return { reached: reached.promise, release: released.resolve };
};
