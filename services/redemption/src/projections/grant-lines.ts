import type { Projection } from '@vouchsafe/read-store';
import type { GrantEvent } from '../domain/grant-messages.js';

export type GrantLineDoc = {
  readonly channelId: string; readonly ownerPrincipal: string; readonly productId: string; readonly kind: string; readonly units: number; readonly activatedAt: number;
};
export type OrderGrants = { readonly lines: Readonly<Record<string, GrantLineDoc>> };

/** The delivered lines of an order; one document per order, told by the first chunk of each line. */
export const grantLines: Projection<GrantEvent, OrderGrants> = {
  collection: { name: 'redemption_grant_lines_v1', indexes: [] },
  idsOf: (event) => (event.type === 'GrantActivated' && event.chunk === 0 ? [event.orderId] : []),
  apply: (value, event) => {
    if (event.type !== 'GrantActivated') return value;
    const { channelId, ownerPrincipal, productId, kind, unitsInLine, at } = event;
    return { lines: { ...value?.lines, [event.lineId]: { channelId, ownerPrincipal, productId, kind, units: unitsInLine, activatedAt: at } } };
  },
};
