import { type Context, createContext, useContext } from 'react';

/** A context that every page is within. @returns its provider, and its hook, which throws outside of the provider */
export const requiredContext = <T>(name: string): readonly [Provider: Context<T | undefined>, use: () => T] => {
  const context = createContext<T | undefined>(undefined);
  const use = (): T => {
    const value = useContext(context);
    if (value === undefined) throw new Error(`${name} is used outside of its provider`);
    return value;
  };
  return [context, use];
};
