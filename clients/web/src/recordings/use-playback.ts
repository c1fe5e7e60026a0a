import type { Recording } from '@webxterm/contracts/rest';
import { type RefObject, useEffect, useEffectEvent, useRef, useState } from 'react';
import '@xterm/xterm/css/xterm.css';
import { useServer } from '../api/server-context.ts';
import { byteCount } from '../terminal/sentences.ts';
import { type ScreenOptions, TerminalScreen } from '../terminal/terminal-screen.ts';
import { Playback, type PlaybackState } from './playback.ts';

export interface PlaybackControls {
  readonly playing: boolean;
  readonly speed: number;
  readonly skipsIdle: boolean;
  toggle(): void;
  seek(ms: number): void;
  /** Moves the slider alone. */
  preview(ms: number): void;
  setSpeed(speed: number): void;
  setSkipsIdle(skips: boolean): void;
  /** The screen and the lines above it. */
  text(): string;
}

const nothing = (): void => {};

/** A screen that shows recorded output. Nothing is sent anywhere. */
const recordedScreen = (options: ScreenOptions): TerminalScreen =>
  new TerminalScreen(
    { ...options, prediction: false },
    {
      ...{ typed: nothing, replied: nothing, fits: nothing, shortcut: nothing, linkShown: nothing },
      ...{ linkPicked: nothing, copyFailed: nothing, pasteAsked: nothing, newOutputBelow: nothing },
      ...{ found: nothing, title: nothing, bell: nothing, notify: nothing, clipboardWanted: nothing },
    },
  );

/** Plays a recording in the element of the ref. `options`: followed when they change. `atMs`: the moment at which it begins. */
export const usePlayback = (
  recording: Recording,
  options: ScreenOptions,
  atMs: number,
): { element: RefObject<HTMLDivElement | null>; state: PlaybackState; controls: PlaybackControls } => {
  const server = useServer();
  const element = useRef<HTMLDivElement>(null);
  const playback = useRef<Playback>(undefined);
  const shown = useRef<TerminalScreen>(undefined);
  const [state, setState] = useState<PlaybackState>({
    state: 'loading',
    ms: 0,
    durationMs: recording.duration_ms,
    activity: [],
  });
  const [previewMs, setPreviewMs] = useState<number>();
  const [speed, setSpeed] = useState(1);
  const [skipsIdle, setSkipsIdle] = useState(true);
  const start = useEffectEvent((at: HTMLElement) => {
    const screen = recordedScreen(options);
    shown.current = screen;
    screen.open(at);
    screen.setShown(true);
    const { recording_id: id } = recording;
    const made = new Playback(
      {
        index: (first, signal) => server.recordingChunks(id, first, signal),
        chunk: (n, signal) => server.recordingChunk(id, n, signal),
        keyframes: (signal) => server.recordingKeyframes(id, signal),
        keyframe: (n, signal) => server.recordingKeyframe(id, n, signal),
      },
      {
        reset: () => screen.reset(),
        output: (bytes, rendered) => screen.write(bytes, false, rendered),
        draw: (part) => screen.draw(part, nothing),
        size: (cols, rows) => screen.followSize({ cols, rows }, false),
        gap: (bytes) => screen.note(`${byteCount(bytes)} of output were not recorded`),
      },
      setState,
      { follows: recording.status === 'recording' },
    );
    void made.start(atMs, true);
    return { screen, made };
  });
  useEffect(() => {
    if (element.current === null) return;
    const { screen, made } = start(element.current);
    playback.current = made;
    return () => {
      made.dispose();
      screen.dispose();
    };
  }, []);
  useEffect(() => shown.current?.setOptions({ ...options, prediction: false }), [options]);
  useEffect(() => {
    if (playback.current !== undefined) playback.current.follows = recording.status === 'recording';
  }, [recording.status]);
  return {
    element,
    state: previewMs === undefined ? state : { ...state, ms: previewMs },
    controls: {
      playing: state.state === 'playing',
      speed,
      skipsIdle,
      toggle: () => (playback.current?.playing === true ? playback.current.pause() : playback.current?.play()),
      seek: (ms) => {
        setPreviewMs(undefined);
        void playback.current?.seek(ms);
      },
      preview: setPreviewMs,
      text: () => shown.current?.text ?? '',
      setSpeed: (chosen) => {
        setSpeed(chosen);
        if (playback.current !== undefined) playback.current.speed = chosen;
      },
      setSkipsIdle: (skips) => {
        setSkipsIdle(skips);
        if (playback.current !== undefined) playback.current.skipsIdle = skips;
      },
    },
  };
};
