import type { AuditEvent, ClaimedActor } from '@webxterm/contracts/bus';
import type { AuditService } from '@webxterm/contracts/rest';
import type { RowActor } from './row.ts';

/** The owners of sign-ins and API keys, according to the database. */
export interface ActorLookup {
  bySigninRefs(refs: readonly string[]): Promise<ReadonlyMap<string, Person>>;
  byApiKeyIds(keyIds: readonly string[]): Promise<ReadonlyMap<string, Person>>;
}

export interface Person {
  readonly userId: string;
  readonly username: string;
}

/** An event and the service that published it, which its subject shows. */
export interface SubmittedEvent {
  readonly service: AuditService;
  readonly event: AuditEvent;
}

/**
 * The actors of events. Auth knows its own users, so its claims are trusted. A claim of another service is verified by a reference that can
 * be computed only from the user's token, or by the id of an API key. A claim that cannot be verified is stored as sent and marked.
 */
export const actorsOf = async (submitted: readonly SubmittedEvent[], lookup: ActorLookup): Promise<RowActor[]> => {
  const claims = submitted.filter(({ service }) => service !== 'auth').map(({ event }) => event.actor);
  const refs = claims.flatMap((actor) =>
    actor.kind === 'user' && actor.signin_ref !== null ? [actor.signin_ref] : [],
  );
  const keyIds = claims.flatMap((actor) => (actor.kind === 'api_key' ? [actor.key_id] : []));
  const [bySignin, byKey] = await Promise.all([
    refs.length === 0 ? new Map<string, Person>() : lookup.bySigninRefs(refs),
    keyIds.length === 0 ? new Map<string, Person>() : lookup.byApiKeyIds(keyIds),
  ]);
  return submitted.map(({ service, event: { actor } }) => {
    if (service === 'auth') return asClaimed(actor, true);
    if (actor.kind === 'user') return shown(actor, bySignin.get(actor.signin_ref ?? ''));
    if (actor.kind === 'api_key') return shown(actor, byKey.get(actor.key_id));
    // A command in a shell on the server writes to the outbox of auth, so another service has no operator events.
    return asClaimed(actor, actor.kind !== 'operator');
  });
};

const asClaimed = (actor: ClaimedActor, verified: boolean): RowActor => ({
  kind: actor.kind,
  user_id: 'user_id' in actor ? actor.user_id : null,
  username: 'username' in actor ? actor.username : '',
  verified,
  signin_ref: actor.kind === 'user' ? actor.signin_ref : null,
});

const shown = (actor: ClaimedActor, person: Person | undefined): RowActor =>
  person === undefined
    ? asClaimed(actor, false)
    : { ...asClaimed(actor, true), user_id: person.userId, username: person.username };
