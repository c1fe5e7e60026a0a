import type { RunTarget } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';

/** Machines of a run that ended in the same way, with the same output if there is one. */
export interface Group {
  readonly targets: readonly RunTarget[];
  /** One of them. */
  readonly first: RunTarget;
}

/** Names that a heading shows. */
const maxNames = 5;

/** Groups by equal ends, the largest first. */
export const groupsOf = (targets: readonly RunTarget[]): readonly Group[] => {
  const groups = new Map<string, RunTarget[]>();
  for (const target of targets) {
    const { output_hash, state, reason, message } = target;
    const key = output_hash ?? JSON.stringify([state, reason, message]);
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  const all = [...groups.values()].sort((one, other) => other.length - one.length);
  return all.flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ targets: same, first }];
  });
};

const endOf = ({ state, exit_code, signal, message, reason }: RunTarget): string => {
  if (state === 'ended') return signal === null ? `exit ${exit_code ?? '?'}` : `ended by ${signal}`;
  if (state === 'timed_out') return 'ended at its time limit';
  const why = message ?? reason;
  return why === null ? state.replace('_', ' ') : `${state.replace('_', ' ')} (${why})`;
};

/** Such as `== 38 machines, exit 0: web-1, web-2 and 36 more`. */
export const headingOf = ({ targets, first }: Group): string => {
  const names = targets.slice(0, maxNames).map(({ name }) => name);
  const more = targets.length > maxNames ? ` and ${targets.length - maxNames} more` : '';
  const count = targets.length === 1 ? '1 machine' : `${targets.length} machines`;
  return `== ${count}, ${plainText(endOf(first), 300)}: ${plainText(names.join(', '), 400)}${more}`;
};
