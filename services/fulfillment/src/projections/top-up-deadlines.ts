import type { Projection } from '@vouchsafe/read-store';
import type { TopUpEvent } from '../domain/top-up-messages.js';

export type TopUpDeadline = { readonly dueAt: number };

/** When each unfinished top-up is to be looked at next; by stream. */
export const topUpDeadlines: Projection<TopUpEvent, TopUpDeadline> = {
  collection: { name: 'fulfillment_top_up_deadlines_v1', indexes: [{ fields: ['dueAt'] }] },
  idsOf: (event, { stream }) => (dueOf(event) !== undefined || event.type === 'TopUpEnded' ? [stream] : []),
  apply: (_value, event) => {
    const dueAt = dueOf(event);
    return dueAt === undefined ? undefined : { dueAt };
  },
};
const dueOf = (event: TopUpEvent): number | undefined => {
  switch (event.type) {
    case 'TopUpStarted': return event.at;
    case 'AttemptRecorded':
    case 'AttemptAnswered': return event.dueAt;
    case 'TopUpEscalated':
    case 'TopUpResolved':
    case 'TopUpEnded': return undefined;
  }
};
