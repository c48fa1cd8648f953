import type { Soon } from '@vouchsafe/event-store';
import { type Chunk, placeOf, unitOf } from '../domain/chunk.js';
import type { GrantHost, GrantIndex, NamedUnit } from './ports.js';
import { RecentGrants } from './recent-grants.js';
import { whenThere } from './soon.js';

/** A unit in the grant that decides about it. */
export type Located = { readonly stream: string; readonly place: number; readonly chunk: Chunk; readonly unit: NamedUnit };
/** How long a miss waits for the views before it counts: an order delivered a moment ago must be redeemable. */
const CATCH_UP_MS = 200;

/**
 * Finds the grant of a unit. A unit that went back to stock and was sold again has several: only a voided one is ever followed by
 * another, so the one in which it is not voided decides.
 */
export const locator = (grants: GrantHost, index: GrantIndex) => {
  const recent = new RecentGrants();
  const inGrant = (stream: string, unit: NamedUnit): Soon<Located | undefined> =>
    whenThere(grants.look(stream), ({ state: chunk }) => {
      const place = chunk.grant && placeOf(chunk.grant, unit.batchId, unit.index);
      return place === undefined ? undefined : { stream, place, chunk, unit };
    });
  const deciding = async (unit: NamedUnit): Promise<Located | undefined> => {
    const found = await Promise.all((await index.grantsOf(unit)).map(async ({ stream }) => inGrant(stream, unit)));
    const located = found.filter((candidate) => candidate !== undefined);
    const living = located.find(isLiving);
    if (living) recent.remember(unit, living.stream, living.chunk.grant!);
    return living ?? located[0];
  };
  const search = async (unit: NamedUnit): Promise<Located | undefined> => {
    const known = await deciding(unit);
    if (known && isLiving(known)) return known;
    await index.caughtUp(CATCH_UP_MS);
    return deciding(unit);
  };
  /** In the grants of its neighbours, from the `n`th on; else wherever it is. */
  const among = (streams: readonly string[], n: number, unit: NamedUnit): Soon<Located | undefined> => {
    const stream = streams[n];
    if (stream === undefined) return search(unit);
    return whenThere(inGrant(stream, unit), (found) => (found && isLiving(found) ? found : among(streams, n + 1, unit)));
  };
  return (unit: NamedUnit): Soon<Located | undefined> => among(recent.of(unit), 0, unit);
};
export type Locate = ReturnType<typeof locator>;

const isLiving = ({ chunk, place }: Located): boolean => unitOf(chunk, place).end?.by !== 'voided';
