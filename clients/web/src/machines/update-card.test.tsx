import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { MachineUpdate } from '@webxterm/contracts/rest';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { serverFor } from '../api/server.ts';
import { ServerProvider } from '../api/server-context.ts';
import { UpdateCard } from './update-card.tsx';

const why = 'It is updated with its container image.';
const update: MachineUpdate = {
  policy: { channel: 'stable', mode: 'automatic', version: null },
  state: 'unsupported',
  offered: '1.1.0',
  reason: why,
  at: null,
};

const shown = (more: Partial<MachineUpdate>): string =>
  renderToStaticMarkup(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <ServerProvider value={serverFor({ withToken: (call) => call('token') }, fetch)}>
          <UpdateCard machine={{ agent_id: 'ag_1', agent_version: '1.0.0' }} update={{ ...update, ...more }} />
        </ServerProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );

it.each([
  ['that is updated with its container image has no', { part_of_image: true }, false],
  ['that updates itself has a', { part_of_image: false }, true],
  ['of which an older hub answers has a', {}, true],
])('an agent %s choice of channel and mode', (_which, more, hasChoice) => {
  const page = shown(more);
  expect(page).toContain(`Version 1.0.0. ${why}`);
  expect(['Channel', 'Install automatically'].map((text) => page.includes(text))).toEqual([hasChoice, hasChoice]);
});
