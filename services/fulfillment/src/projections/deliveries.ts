import type { Projection } from '@vouchsafe/read-store';
import type { TopUpEvent } from '../domain/top-up-messages.js';

/** `escalated`: a person is asked and has not answered. */
export type DeliveryDoc = {
  readonly stream: string; readonly escalated: boolean; readonly escalatedAt: number; readonly provider: string; readonly requestNumber: string; readonly reason: string;
};

/** Every top-up by its delivery id, for a person's queue and word. */
export const deliveries: Projection<TopUpEvent, DeliveryDoc> = {
  collection: { name: 'fulfillment_deliveries_v1', indexes: [{ fields: ['escalated', 'escalatedAt'] }, { fields: ['escalated', 'provider', 'escalatedAt'] }] },
  idsOf: (event) => {
    switch (event.type) {
      case 'TopUpStarted': return [event.terms.deliveryId];
      case 'TopUpEscalated': return [event.requestNumber.slice(0, event.requestNumber.lastIndexOf('.'))]; // it begins with the delivery's id
      case 'TopUpEnded': return [event.deliveryId];
      case 'AttemptRecorded':
      case 'AttemptAnswered':
      case 'TopUpResolved': return [];
    }
  },
  apply: (value, event, { stream }) => {
    if (event.type === 'TopUpStarted') return { stream, escalated: false, escalatedAt: 0, provider: event.terms.providers[0] ?? '', requestNumber: '', reason: '' };
    if (event.type === 'TopUpEscalated') {
      const { at, provider, requestNumber, reason } = event;
      return value && { ...value, escalated: true, escalatedAt: at, provider, requestNumber, reason };
    }
    return event.type === 'TopUpEnded' ? value && { ...value, escalated: false } : value;
  },
};
