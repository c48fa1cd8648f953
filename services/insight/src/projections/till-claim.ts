import type { Json } from '@vouchsafe/codec';
import type { Projection } from '@vouchsafe/read-store';
import type { AnyEvent } from './matter.js';

/** What a till wanted with a unit, and where that lies: claimed at `revisions[0]`, refused, if it was, at the next one. */
export type TillClaim = {
  /** `<batch>/<index>`. */
  readonly unit: string;
  /** The order of the unit's grant. */
  readonly order: string;
  readonly stream: string;
  readonly revisions: readonly number[];
};

type Fields = Readonly<Record<string, Json>>;
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
/** The fingerprint begins with the unit; amount and scene, where there are any, follow. */
const unitIn = ({ fingerprint }: Fields): string => text(fingerprint).split('/').slice(0, 2).join('/');

/**
 * Claims of tills by unit and by order. A till's stream is of a day and of many vouchers, and a refusal leaves nothing in the
 * voucher's own streams: without this nobody could tell where it was presented in vain. Answers GetTimeline.
 */
export const tillClaims: Projection<AnyEvent, TillClaim> = {
  collection: { name: 'till_claims_v1', indexes: [{ fields: ['unit'] }, { fields: ['order'] }] },
  idsOf: ({ data }, { stream }) => [`${stream}/${text((data as Fields).key)}`],
  apply: (claim, { type, data }, { stream, revision, correlation }) => {
    if (claim) return { ...claim, revisions: [...claim.revisions, revision] };
    return type.startsWith('redemption.SequenceClaimed.') ? { unit: unitIn(data as Fields), order: correlation, stream, revisions: [revision] } : undefined;
  },
};
