import type { RunOutcome, RunTarget, RunTargetState } from '@webxterm/contracts/rest';
import { isFinal } from './run-views.ts';

/** A machine of a run, as the leader of the run knows it. */
export class LedTarget {
  readonly agentId: string;
  state: RunTargetState;
  outcome: RunOutcome | null;
  linuxUser: string | null;
  /** When the command was sent, or last started, in ms since 1970. */
  sinceMs: number;
  /** Whether an order about it is on its way. */
  busy = false;
  /** No order before this time, in ms since 1970. */
  notBeforeMs = 0;
  /** When the machine was first found offline although presence has it. 0: it was not. */
  missingSinceMs = 0;
  /** When it was first ordered to end its command. 0: it was not. */
  cancelledAtMs = 0;
  /** The machine has linked again, so it is asked at once. */
  linkedAgain = false;

  constructor(target: RunTarget) {
    this.agentId = target.agent_id;
    this.state = target.state;
    this.outcome = target.outcome;
    this.linuxUser = target.linux_user;
    this.sinceMs = sinceOf(target);
  }

  get isFinal(): boolean {
    return isFinal(this.state);
  }

  /** Whether its command was sent, and has not ended as far as is known. */
  get isRunning(): boolean {
    return this.state === 'sent' || this.state === 'running';
  }

  get isActive(): boolean {
    return this.busy || this.isRunning;
  }

  /** Takes the state from the database or from a message. One that is final stays. */
  update(target: RunTarget): void {
    if (this.isFinal) return;
    this.state = target.state;
    this.outcome = target.outcome;
    this.linuxUser = target.linux_user;
    this.sinceMs = sinceOf(target);
  }
}

const sinceOf = ({ sent_at, started_at }: RunTarget): number => Date.parse(started_at ?? sent_at ?? '') || 0;
