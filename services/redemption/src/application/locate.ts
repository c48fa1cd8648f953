import { type Chunk, placeOf, unitOf } from '../domain/chunk.js';
import type { BatchUnit } from '../domain/grant-messages.js';
import type { GrantHost, GrantIndex } from './ports.js';

/** A unit in the grant that decides about it. */
export type Located = { readonly stream: string; readonly place: number; readonly chunk: Chunk; readonly unit: BatchUnit };
/** How long a miss waits for the views before it counts: an order delivered a moment ago must be redeemable. */
const CATCH_UP_MS = 200;

/**
 * Finds the grant of a unit. A unit that went back to stock and was sold again has several: only a voided one is ever followed by
 * another, so the one in which it is not voided decides.
 */
export const locator = (grants: GrantHost, index: GrantIndex) => {
  const inGrant = async (stream: string, unit: BatchUnit): Promise<Located | undefined> => {
    const { state: chunk } = await grants.load(stream);
    const place = chunk.grant && placeOf(chunk.grant, unit.batchId, unit.index);
    return place === undefined ? undefined : { stream, place, chunk, unit };
  };
  const deciding = async (unit: BatchUnit): Promise<Located | undefined> => {
    const found = await Promise.all((await index.grantsOf(unit)).map(({ stream }) => inGrant(stream, unit)));
    const located = found.filter((candidate) => candidate !== undefined);
    return located.find(isLiving) ?? located[0];
  };
  return async (unit: BatchUnit): Promise<Located | undefined> => {
    const known = await deciding(unit);
    if (known && isLiving(known)) return known;
    await index.caughtUp(CATCH_UP_MS);
    return deciding(unit);
  };
};
export type Locate = ReturnType<typeof locator>;

const isLiving = ({ chunk, place }: Located): boolean => unitOf(chunk, place).end?.by !== 'voided';
