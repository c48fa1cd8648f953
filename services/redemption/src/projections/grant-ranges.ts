import type { Projection } from '@vouchsafe/read-store';
import type { GrantEvent } from '../domain/grant-messages.js';

export type GrantRange = {
  readonly batchId: string; readonly from: number; readonly to: number; readonly stream: string; readonly orderId: string; readonly lineId: string; readonly activatedAt: number;
};

/** Which grant chunks a unit of a batch was ever put into: one document per chunk and range, none per unit. */
export const grantRanges: Projection<GrantEvent, GrantRange> = {
  collection: { name: 'redemption_grant_ranges_v1', indexes: [{ fields: ['batchId', 'from', 'to'] }] },
  idsOf: (event, { stream }) => (event.type === 'GrantActivated' ? event.ranges.map((_, i) => `${stream}/${i}`) : []),
  apply: (value, event, { stream }, id) => {
    if (event.type !== 'GrantActivated') return value;
    const { batchId, from, to } = event.ranges[Number(id.slice(stream.length + 1))]!;
    return { batchId, from, to, stream, orderId: event.orderId, lineId: event.lineId, activatedAt: event.at };
  },
};
