import type { AuditEvent, ClaimedActor } from '@webxterm/contracts/bus';
import type { AuditService } from '@webxterm/contracts/rest';
import type { RowActor } from './row.ts';

/** Who stands behind a sign-in or an API key, by what the database says. */
export interface ActorTruth {
  bySigninRefs(refs: readonly string[]): Promise<ReadonlyMap<string, Person>>;
  byApiKeyIds(keyIds: readonly string[]): Promise<ReadonlyMap<string, Person>>;
}

export interface Person {
  readonly userId: string;
  readonly username: string;
}

/** An event and the service that published it, by its subject. */
export interface SubmittedEvent {
  readonly service: AuditService;
  readonly event: AuditEvent;
}

/**
 * Who did each of these. auth knows its own users and is believed. Another service is believed only about users who came through it:
 * it shows what can be made from their token alone. What it cannot show is kept as it said it, and marked.
 */
export const actorsOf = async (submitted: readonly SubmittedEvent[], truth: ActorTruth): Promise<RowActor[]> => {
  const claims = submitted.filter(({ service }) => service !== 'auth').map(({ event }) => event.actor);
  const refs = claims.flatMap((actor) =>
    actor.kind === 'user' && actor.signin_ref !== null ? [actor.signin_ref] : [],
  );
  const keyIds = claims.flatMap((actor) => (actor.kind === 'api_key' ? [actor.key_id] : []));
  const [bySignin, byKey] = await Promise.all([
    refs.length === 0 ? new Map<string, Person>() : truth.bySigninRefs(refs),
    keyIds.length === 0 ? new Map<string, Person>() : truth.byApiKeyIds(keyIds),
  ]);
  return submitted.map(({ service, event: { actor } }) => {
    if (service === 'auth') return asTold(actor, true);
    if (actor.kind === 'user') return shown(actor, bySignin.get(actor.signin_ref ?? ''));
    if (actor.kind === 'api_key') return shown(actor, byKey.get(actor.key_id));
    // The shell way in writes to the outbox of auth.
    return asTold(actor, actor.kind !== 'operator');
  });
};

const asTold = (actor: ClaimedActor, verified: boolean): RowActor => ({
  kind: actor.kind,
  user_id: 'user_id' in actor ? actor.user_id : null,
  username: 'username' in actor ? actor.username : '',
  verified,
  signin_ref: actor.kind === 'user' ? actor.signin_ref : null,
});

const shown = (actor: ClaimedActor, person: Person | undefined): RowActor =>
  person === undefined
    ? asTold(actor, false)
    : { ...asTold(actor, true), user_id: person.userId, username: person.username };
