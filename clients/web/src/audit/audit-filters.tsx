import { Button, CloseButton, Pill, Select, TextInput } from '@mantine/core';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { AuditAction, AuditResult, auditActionNames } from '@webxterm/contracts/rest';
import { useMachineNames } from '../sessions/session-queries.ts';
import classes from './audit.module.css';
import { actionPhrase, resultPhrase } from './audit-phrases.ts';
import { type AuditFilters as Filters, filtersOf } from './audit-search.ts';

const route = getRouteApi('/signed-in/framed/audit');

const actions = auditActionNames
  .map((value) => ({ value, label: actionPhrase[value] }))
  .sort((a, b) => a.label.localeCompare(b.label));
const results = AuditResult.options.map((value) => ({ value, label: resultPhrase[value] }));

/** The filters of the list. The user and the machine are chosen in the rows and shown here. */
export const AuditFilters = ({ userName }: { userName: string | undefined }) => {
  const search = route.useSearch({ select: filtersOf });
  const navigate = useNavigate();
  const machineName = useMachineNames(search.machine === undefined ? [] : [search.machine]);
  const change = (part: Partial<Filters>): void =>
    void navigate({ to: '/audit', replace: true, search: { ...search, ...part } });
  return (
    <div className={classes.filters}>
      <Select
        aria-label="Action"
        placeholder="Any action"
        searchable
        clearable
        nothingFoundMessage="No such action"
        data={actions}
        value={search.action ?? null}
        onChange={(value) => change({ action: AuditAction.safeParse(value).data })}
      />
      <Select
        className={classes.result}
        aria-label="Result"
        placeholder="Any result"
        clearable
        data={results}
        value={search.result ?? null}
        onChange={(value) => change({ result: AuditResult.safeParse(value).data })}
      />
      <Moment label="From" value={search.from} onChange={(from) => change({ from })} />
      <Moment label="Until" value={search.to} onChange={(to) => change({ to })} />
      {search.user !== undefined && (
        <Pill
          className={classes.pill}
          size="lg"
          withRemoveButton
          onRemove={() => change({ user: undefined })}
          removeButtonProps={remove('user')}
        >
          <span title={search.user}>{userName ?? 'Unknown user'}</span>
        </Pill>
      )}
      {search.machine !== undefined && (
        <Pill
          className={classes.pill}
          size="lg"
          withRemoveButton
          onRemove={() => change({ machine: undefined })}
          removeButtonProps={remove('machine')}
        >
          <span title={search.machine}>{machineName(search.machine)}</span>
        </Pill>
      )}
      {Object.values(search).some((value) => value !== undefined) && (
        <Button variant="subtle" size="xs" onClick={() => void navigate({ to: '/audit', search: {} })}>
          Clear all
        </Button>
      )}
    </div>
  );
};

// Mantine hides this button from keyboards and screen readers.
const remove = (what: string) => ({ tabIndex: 0, 'aria-hidden': false, 'aria-label': `Any ${what}` });

interface MomentProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

const Moment = ({ label, value, onChange }: MomentProps) => (
  <TextInput
    className={classes.moment}
    type="datetime-local"
    aria-label={label}
    leftSection={<span className={classes.label}>{label}</span>}
    leftSectionWidth={52}
    value={value ?? ''}
    onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
    rightSection={
      value !== undefined && (
        <CloseButton size="sm" aria-label={`Clear "${label}"`} onClick={() => onChange(undefined)} />
      )
    }
  />
);
