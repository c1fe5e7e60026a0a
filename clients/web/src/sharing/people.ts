import type { Participant } from '@webxterm/contracts/frames';
import { plainText } from '@webxterm/contracts/text';

/** A person who is attached to a session, with one window or several. */
export interface Attached extends Participant {
  /** It is this window. */
  readonly me: boolean;
}

/** The people of a list, by their order of joining. The windows of the owner are one person. Names come from the machine, and are cleaned. */
export const peopleIn = (participants: readonly Participant[], you: number): readonly Attached[] => {
  const owners = participants.filter(({ owner }) => owner);
  const [first] = owners;
  const guests = participants.filter(({ owner }) => !owner).map((each) => ({ ...each, me: each.number === you }));
  const owner = first && {
    ...first,
    types: owners.some(({ types }) => types),
    me: owners.some(({ number }) => number === you),
  };
  return [...(owner === undefined ? [] : [owner]), ...guests].map((each) => ({
    ...each,
    name: plainText(each.name, 64),
  }));
};

/** The text about the other users in the line below a terminal: "bob is watching", "bob types". Undefined: nobody else is there. */
export const othersSentence = (people: readonly Attached[]): string | undefined => {
  const others = people.filter(({ me }) => !me);
  const [first] = others;
  if (first === undefined) return undefined;
  const typing = others.find(({ types }) => types);
  const more = others.length > 1 ? `, and ${others.length - 1} more` : '';
  if (typing !== undefined) return `${typing.name} types${more}`;
  return `${first.name} is ${first.owner ? 'here' : 'watching'}${more}`;
};

/** Whether the input of this guest is applied. */
export const mayType = ({ control, types, typesAlways }: Participant): boolean => control && (types || typesAlways);

/** Colours of people, by their number. They repeat, so that the name always stands beside it. */
const colors = ['#3b82f6', '#e8590c', '#2f9e44', '#ae3ec9', '#0c8599', '#e03131', '#b08900', '#5f3dc4'] as const;
export const colorOf = ({ number }: Pick<Participant, 'number'>): string =>
  colors[(number - 1) % colors.length] ?? colors[0];
