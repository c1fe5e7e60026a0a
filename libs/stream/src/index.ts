export { brokenHoldMs, type Departure, DriverSeat, type Progress, silentHoldMs, stallSlack } from './driver-seat.ts';
export { InputGate, type InputVerdict, StreamProtocolError } from './input-gate.ts';
export { initialOutputLimit, type NextOutput, OutputCursor } from './output-cursor.ts';
export { Ring, type RingRead } from './ring.ts';
export { advance, type SessionState } from './session-state.ts';
export { type SizeMark, SizeMarks } from './size-marks.ts';
export { Writers } from './writers.ts';
