import type { Projection } from '@vouchsafe/read-store';
import type { BatchUnit, GrantEvent } from '../domain/grant-messages.js';

export type RedemptionPlace = { readonly grant: string; readonly unit: BatchUnit };

/** Where a redemption lies, by its id; the grant itself tells everything else. */
export const redemptionPlaces: Projection<GrantEvent, RedemptionPlace> = {
  collection: { name: 'redemption_places_v1', indexes: [] },
  idsOf: (event) => (event.type === 'VoucherRedeemed' ? [event.redemptionId] : []),
  apply: (value, event, { stream }) => (event.type === 'VoucherRedeemed' ? { grant: stream, unit: event.voucherUnit } : value),
};
