import type { Projection } from '@vouchsafe/read-store';
import type { ReviewDecision, ReviewEvent } from '../domain/review.js';

/** One order in review, as an analyst's list shows it. Whether it timed out follows from `until` and the present. */
export type ReviewDoc = {
  readonly orderId: string; readonly channelId: string; readonly totalMinor: string; readonly currency: string; readonly reasons: readonly string[];
  readonly openedAt: number; readonly until: number; readonly resolved: boolean; readonly decision: ReviewDecision | ''; readonly resolvedBy: string; readonly note: string;
};

/** Answers ListReviews. */
export const reviewList: Projection<ReviewEvent, ReviewDoc> = {
  collection: { name: 'risk_reviews_v1', indexes: [{ fields: ['resolved', 'until'] }, { fields: ['channelId', 'resolved', 'until'] }] },
  idsOf: ({ verdictId }) => [verdictId],
  apply: (doc, event) => {
    switch (event.type) {
      case 'ReviewOpened': {
        const { orderId, channelId, total, reasons, at, until } = event;
        return {
          orderId, channelId, totalMinor: total.minor.toString(), currency: total.currency, reasons, openedAt: at, until,
          resolved: false, decision: '', resolvedBy: '', note: '',
        };
      }
      case 'ReviewResolved': return doc && { ...doc, resolved: true, decision: event.decision, resolvedBy: event.by, note: event.note };
    }
  },
};
