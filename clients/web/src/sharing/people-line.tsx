import { Button, Popover } from '@mantine/core';
import type { CSSProperties } from 'react';
import { type Attached, colorOf, mayType, othersSentence } from './people.ts';
import classes from './people-line.module.css';

export interface PeopleActions {
  /** The owner lets the participant with this number type; 0: nobody. */
  onGive: (number: number) => void;
  /** A guest asks to be allowed to type, or no longer. */
  onAsk: (asks: boolean) => void;
}

/** The users who are attached to the session, and the one who types: a part of the line below a terminal. Nothing while the user is alone. */
export const PeopleLine = ({ people, ...actions }: { people: readonly Attached[] } & PeopleActions) => {
  const sentence = othersSentence(people);
  const me = people.find((each) => each.me);
  const asking = me?.owner === true ? people.find(({ asks }) => asks) : undefined;
  if (sentence === undefined) return null;
  const first = people.find((each) => !each.me && each.types) ?? people.find((each) => !each.me);
  return (
    <div className={classes.line} data-testid="people">
      <Popover position="top-start" shadow="md" radius="md">
        <Popover.Target>
          <button type="button" className={classes.who} aria-label={`${sentence}. Show who is here`}>
            {first !== undefined && <Dot person={first} />}
            <span role="status">{asking === undefined ? sentence : `${asking.name} asks to type`}</span>
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <ul className={classes.list} aria-label="Who is here">
            {people.map((person) => (
              <li key={person.number} className={classes.person}>
                <Dot person={person} />
                <b>{person.name}</b>
                <span className={classes.what}>{roleOf(person)}</span>
                {me?.owner === true && <Turn person={person} onGive={actions.onGive} />}
              </li>
            ))}
          </ul>
        </Popover.Dropdown>
      </Popover>
      {asking !== undefined && (
        <Button size="compact-sm" onClick={() => actions.onGive(asking.number)}>
          Let {asking.name} type
        </Button>
      )}
      {me?.owner === true && people.some(hasTurn) && (
        <Button size="compact-sm" variant="light" onClick={() => actions.onGive(0)}>
          Take back
        </Button>
      )}
      {me !== undefined && !me.owner && <OwnTurn me={me} onAsk={actions.onAsk} />}
    </div>
  );
};

const Dot = ({ person }: { person: Attached }) => {
  const style: CSSProperties & Record<'--person', string> = { '--person': colorOf(person) };
  return <i className={classes.dot} style={style} aria-hidden="true" />;
};

/** A guest whom the owner lets type. */
const hasTurn = ({ owner, control, types, typesAlways }: Attached): boolean =>
  !owner && control && types && !typesAlways;

const roleOf = ({ me, owner, control, types, asks }: Attached): string => {
  const state = types ? 'types' : asks ? 'asks to type' : owner ? 'owner' : control ? 'may ask to type' : 'watches';
  return me ? `${state}, you` : state;
};

const Turn = ({ person, onGive }: { person: Attached; onGive: PeopleActions['onGive'] }) => {
  if (person.owner || !person.control || person.typesAlways) return null;
  const types = hasTurn(person);
  return (
    <Button size="compact-xs" variant="light" onClick={() => onGive(types ? 0 : person.number)}>
      {types ? 'Take back' : 'Let type'}
    </Button>
  );
};

/** The ways in which a guest can begin to type. */
const OwnTurn = ({ me, onAsk }: { me: Attached; onAsk: PeopleActions['onAsk'] }) => {
  if (!me.control) return <span className={classes.what}>View only</span>;
  if (mayType(me)) return <b>You can type</b>;
  return (
    <Button size="compact-sm" variant={me.asks ? 'default' : 'filled'} onClick={() => onAsk(!me.asks)}>
      {me.asks ? 'Asked. Cancel' : 'Ask to type'}
    </Button>
  );
};
