import { agentIdle } from './agent-idle.ts';
import { bulk, farBulk } from './bulk.ts';
import { echo } from './echo.ts';
import { echoInFlood } from './echo-in-flood.ts';
import { fleet } from './fleet.ts';
import { gatewayGet } from './gateway-get.ts';
import { interrupt, slowInterrupt } from './interrupt.ts';
import { reAttach } from './re-attach.ts';
import type { RowGroup } from './row-group.ts';
import { signInStorm } from './sign-in-storm.ts';
import { stalledViewer } from './stalled-viewer.ts';
import { startUp } from './start-up.ts';
import { tokenCheck } from './token-check.ts';
import { typingUnderFaults } from './typing-under-faults.ts';
import { watched } from './watched.ts';
import { webLoad } from './web-load.ts';

/** Everything that is measured, in the order in which it is. */
export const rowGroups: readonly RowGroup[] = [
  startUp,
  agentIdle,
  webLoad,
  tokenCheck,
  echo,
  bulk,
  farBulk,
  interrupt,
  slowInterrupt,
  echoInFlood,
  watched,
  stalledViewer,
  reAttach,
  gatewayGet,
  signInStorm,
  typingUnderFaults,
  fleet,
];

/** @throws Error that names the rows there are */
export const chooseRows = (names: readonly string[]): readonly RowGroup[] => {
  const unknown = names.filter((name) => !rowGroups.some((group) => group.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no row is called ${unknown.join(', ')}; there are ${rowGroups.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? rowGroups : rowGroups.filter(({ name }) => names.includes(name));
};
