import {
  ActionIcon,
  Button,
  Group,
  NativeSelect,
  Paper,
  Slider,
  Stack,
  Switch,
  Text,
  useComputedColorScheme,
} from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { Recording } from '@webxterm/contracts/rest';
import { type KeyboardEvent, useMemo } from 'react';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { themeFor } from '../terminal/settings/color-schemes.ts';
import { usePreferences } from '../terminal/settings/use-preferences.ts';
import { ActivityStrip } from './activity-strip.tsx';
import { CommandList } from './command-list.tsx';
import { clock, momentOf } from './playback-time.ts';
import classes from './player.module.css';
import { SearchInside } from './search-inside.tsx';
import { usePlayback } from './use-playback.ts';

const speeds = [0.5, 1, 2, 4, 8, 16] as const;
/** By the arrow keys, ms. */
const stepMs = 5000;

/** The screen of a recording and its controls. Space plays and pauses, the arrow keys move by 5 s. */
export const Player = ({ recording }: { recording: Recording }) => {
  const { preferences } = usePreferences();
  const scheme = useComputedColorScheme('light');
  const options = useMemo(() => ({ ...preferences, theme: themeFor(preferences, scheme) }), [preferences, scheme]);
  const { element, state, controls } = usePlayback(recording, options, momentOf(window.location.hash) ?? 0);
  const { ms, durationMs } = state;
  /** The moment that a key moves to. Undefined: it is no such key. */
  const momentByKey = (key: string): number | undefined => {
    if (key === 'ArrowRight') return ms + stepMs;
    if (key === 'ArrowLeft') return ms - stepMs;
    if (key === 'Home') return 0;
    return key === 'End' ? durationMs : undefined;
  };
  const takeKey = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = momentByKey(event.key);
    if (to !== undefined) controls.seek(to);
    else if (event.key === ' ') controls.toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <Stack>
      <Paper withBorder radius="md" className={classes.player} component="section" aria-label="Player">
        <div className={classes.frame} style={{ background: options.theme.background }} onKeyDownCapture={takeKey}>
          <div ref={element} data-testid="player-screen" />
        </div>
        {state.state === 'failed' && state.error !== undefined && (
          <Failure title="The recording cannot be played" error={state.error} />
        )}
        <Group className={classes.controls} gap="sm">
          <ActionIcon
            size="lg"
            aria-label={controls.playing ? 'Pause' : 'Play'}
            onClick={controls.toggle}
            disabled={state.state === 'failed'}
          >
            {controls.playing ? <IconPlayerPause size={19} /> : <IconPlayerPlay size={19} />}
          </ActionIcon>
          <Text size="sm" className={classes.time} data-testid="player-time">
            {clock(ms)} / {clock(durationMs)}
          </Text>
          <div className={classes.moments}>
            <ActivityStrip activity={state.activity} />
            <Slider
              thumbLabel="Moment of the recording"
              min={0}
              max={Math.max(1, durationMs)}
              step={100}
              value={Math.min(ms, durationMs)}
              label={clock}
              onChange={controls.preview}
              onChangeEnd={controls.seek}
            />
          </div>
          <NativeSelect
            size="xs"
            aria-label="Speed"
            value={String(controls.speed)}
            data={speeds.map((speed) => ({ value: String(speed), label: `${speed} ×` }))}
            onChange={({ currentTarget: { value } }) => controls.setSpeed(Number(value))}
          />
          <Switch
            size="xs"
            label="Skip idle time"
            checked={controls.skipsIdle}
            onChange={(event) => controls.setSkipsIdle(event.currentTarget.checked)}
          />
          <CopyButton
            text={() => `${window.location.origin}${window.location.pathname}#t=${clock(ms)}`}
            label="Copy a link to this moment"
            name="Link"
          />
          <CopyButton text={controls.text} label="Copy the text on the screen" name="Text" />
          {state.state === 'ended' && (
            <Button size="compact-sm" variant="light" onClick={controls.toggle}>
              Play again
            </Button>
          )}
          <Text size="sm" c="dimmed" role="status">
            {state.state === 'loading' && 'Loading…'}
            {state.state === 'seeking' && 'Moving…'}
          </Text>
        </Group>
      </Paper>
      <SearchInside recording={recording} onMoment={controls.seek} />
      <CommandList recording={recording} ms={ms} onMoment={controls.seek} />
    </Stack>
  );
};
