export { characterWidth } from './character-widths.ts';
export {
  brokenHoldMs,
  type Departure,
  DriverTracker,
  type Progress,
  silentHoldMs,
  stallSlack,
} from './driver-tracker.ts';
export { EmulatorWidths } from './emulator-widths.ts';
export { GroundScanner } from './ground-scanner.ts';
export { InputGate, type InputVerdict, StreamProtocolError } from './input-gate.ts';
export { type InputFrame, InputQueue, type InputQueueBounds } from './input-queue.ts';
export { KeyboardFlags, keyboardFlag } from './keyboard-flags.ts';
export { OutputAges } from './output-ages.ts';
export { initialOutputLimit, type NextOutput, OutputCursor, type OutputSource } from './output-cursor.ts';
export { OutputFilter } from './output-filter.ts';
export { type FreshOutput, type OutputGap, OutputReader } from './output-reader.ts';
export { type OnEvict, Ring, type RingRead } from './ring.ts';
export type { ScreenSize } from './sequence-bounds.ts';
export { advance, type SessionState } from './session-state.ts';
export { type SizeMark, SizeMarks } from './size-marks.ts';
export { type TimeMark, TimeMarks } from './time-marks.ts';
export { OutputWindow, type WindowBounds } from './window.ts';
export { Writers } from './writers.ts';
