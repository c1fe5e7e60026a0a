/** Between two sounds, ms. A program may ring at every byte. */
const leastBetweenMs = 500;
const hertz = 880;
const seconds = 0.12;
const volume = 0.08;

let context: AudioContext | undefined;
let lastMs = -leastBetweenMs;

/** Plays a short tone. A browser that allows no sound yet, because nobody has touched the page, stays silent. */
export const playBell = (): void => {
  const nowMs = performance.now();
  if (nowMs - lastMs < leastBetweenMs) return;
  lastMs = nowMs;
  context ??= new AudioContext();
  const { currentTime, destination } = context;
  const tone = context.createOscillator();
  const level = context.createGain();
  tone.frequency.value = hertz;
  level.gain.setValueAtTime(volume, currentTime);
  level.gain.exponentialRampToValueAtTime(0.0001, currentTime + seconds);
  tone.connect(level).connect(destination);
  tone.start(currentTime);
  tone.stop(currentTime + seconds);
};
