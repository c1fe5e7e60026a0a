import { MantineProvider } from '@mantine/core';
import type { InstallProgress } from '@webxterm/contracts/rest';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { InstallProgressSteps } from './install-progress.tsx';

const shown = (progress: InstallProgress): { steps: string[]; text: string } => {
  const markup = renderToStaticMarkup(
    <MantineProvider>
      <InstallProgressSteps progress={progress} />
    </MantineProvider>,
  );
  const steps = [...markup.matchAll(/<li[^>]*aria-label="([^"]*)"/g)].map(([, label = '']) => label);
  const text = markup.replaceAll(/<style[\s\S]*?<\/style>/g, '').replaceAll(/<[^>]*>/g, '');
  return { steps, text };
};

describe('the steps of an installation', () => {
  it('are done before the last report, in progress at it, and not started behind it', () => {
    const { steps, text } = shown({ step: 'installing', at: new Date().toISOString(), problem: null });
    expect(steps).toEqual([
      'Check the machine: done',
      'Download the agent: done',
      'Install it: in progress',
      'Register the machine: not started',
      'Connect: not started',
    ]);
    expect(text).not.toMatch(/failed|last report/);
  });

  it('show what failed, the cause and the correction, as text', () => {
    const problem = {
      what: 'another agent is here',
      why: '<b>box</b> has one',
      remedy: 'Run this again with --replace.',
    };
    const { steps, text } = shown({ step: 'checking', at: new Date().toISOString(), problem });
    expect(steps[0]).toBe('Check the machine: failed');
    expect(text).toContain('Another agent is here. &lt;b&gt;box&lt;/b&gt; has one.');
    expect(text).toContain('What to do: Run this again with --replace.');
  });

  it('ask to look at the terminal when nothing was reported for more than a minute', () => {
    const at = new Date(Date.now() - 5 * 60_000).toISOString();
    expect(shown({ step: 'downloading', at, problem: null }).text).toContain('The last report came 5 minutes ago.');
  });
});
