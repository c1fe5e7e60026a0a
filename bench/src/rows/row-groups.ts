import { bulk, farBulk } from './bulk.ts';
import { echo } from './echo.ts';
import { echoInFlood } from './echo-in-flood.ts';
import { interrupt, slowInterrupt } from './interrupt.ts';
import type { RowGroup } from './row-group.ts';

/** Everything that is measured, in the order in which it is. */
export const rowGroups: readonly RowGroup[] = [echo, bulk, farBulk, interrupt, slowInterrupt, echoInFlood];

/** @throws Error that names the rows there are */
export const chooseRows = (names: readonly string[]): readonly RowGroup[] => {
  const unknown = names.filter((name) => !rowGroups.some((group) => group.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no row is called ${unknown.join(', ')}; there are ${rowGroups.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? rowGroups : rowGroups.filter(({ name }) => names.includes(name));
};
