import type { World } from '../world.ts';
import { byCaller, type Caller, type MakeCall, type Rule, signedIn } from './rule.ts';

interface Made {
  readonly share: { readonly share_id: string };
  readonly secret: string | null;
}

/** Makes a share of `world.session`, to view it. */
const make = async ({ cast, session }: World, body: Record<string, unknown> = {}): Promise<Made> => {
  const path = `/api/terminal/sessions/${session.sessionId}/shares`;
  return (await cast.control.rest.post<Made>(path, { role: 'view', ...body })).body;
};

const kept = new WeakMap<World, Promise<Made>>();
/** A link that all callers may use. */
const theLink = (world: World): Promise<Made> => {
  const known = kept.get(world) ?? make(world, { uses: 24 });
  kept.set(world, known);
  return known;
};

const ofSession: MakeCall = (world) => ({ params: { id: world.session.sessionId } });
const owners = (status: number) =>
  ({ other: 404, view: 404, control: status, owner: 404, admin: 404, adminView: 404, adminControl: 404 }) as const;

/** One to lose for the owner of the session. The others are shown one that stays. */
const onShare: MakeCall = async (world, caller: Caller) => {
  const { share } = caller === 'control' ? await make(world) : await theLink(world);
  return { params: { id: world.session.sessionId, share_id: share.share_id } };
};

/** Shares of `world.session`, which `control` owns: also the owner of the machine and administrators share no session of others. */
// biome-ignore format: a table
export const shareRules: Readonly<Record<string, readonly Rule[]>> = {
  findShareGrantee: [
    byCaller(owners(200), (world) => ({
      params: { id: world.session.sessionId },
      query: { user: world.cast.other.name },
    })),
  ],
  createSessionShare: [
    byCaller(owners(201), (world) => ({ params: { id: world.session.sessionId }, body: { role: 'view' } })),
    // The machine of this world runs the server, so nobody else may type there.
    byCaller(owners(409), (world) => ({ params: { id: world.session.sessionId }, body: { role: 'control' } })),
  ],
  listSessionShares: [byCaller(owners(200), ofSession)],
  revokeSessionShare: [byCaller(owners(204), onShare)],
  redeemShareLink: [
    byCaller({ other: 200, view: 200, control: 409, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      async (world) => ({ body: { secret: (await theLink(world)).secret ?? '' } })),
    signedIn(404, () => ({ body: { secret: 'A'.repeat(22) } })),
  ],
  listSharedSessions: [signedIn(200)],
  joinSharedSession: [
    byCaller({ other: 201, view: 404, control: 404, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      async (world) => ({ params: { share_id: (await make(world, { user: world.cast.other.name })).share.share_id } })),
  ],
};
