import type { DownFrame } from '@webxterm/contracts/frames';
import type { InputQueue } from '@webxterm/stream';

/** Takes what the machine says about input that was sent to it. @returns whether input may be sent that could not be sent before */
export const takeInputFrame = (input: Pick<InputQueue, 'acked' | 'restart'>, frame: DownFrame): boolean => {
  if (frame.type === 'input_ack') input.acked(frame.applied, frame.limit);
  else if (frame.type === 'input_reset') input.restart(frame.applied, frame.limit);
  else return false;
  return true;
};
