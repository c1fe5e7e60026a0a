import { Alert, Loader, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconCircle, IconX } from '@tabler/icons-react';
import { type InstallProgress, type InstallStep, installSteps } from '@webxterm/contracts/rest';
import { ago } from '../layout/format.ts';
import classes from './install-progress.module.css';
import { useNow } from './now.ts';

const labels: Readonly<Record<InstallStep, string>> = {
  checking: 'Check the machine',
  downloading: 'Download the agent',
  installing: 'Install it',
  configuring: 'Register the machine',
  connecting: 'Connect',
};

/** After this time without a report the person is asked to look at the terminal of the command, ms. The longest wait is that for a build. */
const quietMs = 60_000;

type State = 'done' | 'current' | 'failed' | 'waiting';

const stateTexts: Readonly<Record<State, string>> = {
  done: 'done',
  current: 'in progress',
  failed: 'failed',
  waiting: 'not started',
};

const stateOf = (step: InstallStep, { step: last, problem }: InstallProgress): State => {
  const behind = installSteps.indexOf(step) - installSteps.indexOf(last);
  if (behind < 0) return 'done';
  if (behind > 0) return 'waiting';
  return problem === null ? 'current' : 'failed';
};

/** The steps of the install script on the machine, up to its last report. */
export const InstallProgressSteps = ({ progress }: { progress: InstallProgress }) => {
  const now = useNow();
  const at = Date.parse(progress.at);
  return (
    <>
      <ol className={classes.steps} aria-label="Steps of the installation">
        {installSteps.map((step) => {
          const state = stateOf(step, progress);
          return (
            <li key={step} className={classes.step} aria-label={`${labels[step]}: ${stateTexts[state]}`}>
              <span className={classes.mark} aria-hidden="true">
                <Mark state={state} />
              </span>
              <Text
                size="sm"
                fw={state === 'current' || state === 'failed' ? 600 : 400}
                c={state === 'waiting' ? 'dimmed' : 'bright'}
              >
                {labels[step]}
              </Text>
            </li>
          );
        })}
      </ol>
      {progress.problem !== null && <InstallProblem progress={progress} title="The installation failed" />}
      {progress.problem === null && now - at > quietMs && (
        <Text size="sm" c="dimmed">
          The last report came {ago(at, now)}. Look at the terminal in which the command runs.
        </Text>
      )}
    </>
  );
};

const Mark = ({ state }: { state: State }) => {
  if (state === 'done') return <IconCheck size={18} stroke={2.4} color="var(--mantine-color-green-text)" />;
  if (state === 'failed') return <IconX size={18} stroke={2.4} color="var(--mantine-color-red-text)" />;
  if (state === 'current') return <Loader size={16} />;
  return <IconCircle size={12} color="var(--mantine-color-dimmed)" />;
};

/** The step that failed on the machine, with the cause and the correction that the script printed there. */
export const InstallProblem = ({ progress, title }: { progress: InstallProgress; title: string }) => {
  const { problem } = progress;
  if (problem === null) return null;
  return (
    <Alert color="red" title={title} icon={<IconAlertTriangle size={18} aria-hidden />}>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {sentence(problem.what)} {problem.why !== '' && sentence(problem.why)}
      </Text>
      {problem.remedy !== '' && (
        <Text size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
          <b>What to do:</b> {problem.remedy}
        </Text>
      )}
    </Alert>
  );
};

/** A text of the script as a sentence. */
const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
};
