import type { Encoded } from '@vouchsafe/codec';
import { inventoryEvents } from '@vouchsafe/contracts';
import type { RecordedEvent } from '@vouchsafe/event-store';
import { batchCodec, stockCodec } from './codecs.js';

/** The integration event that a published stored event becomes; undefined for private ones. */
export const toIntegration = ({ type, data }: RecordedEvent): Encoded | undefined => {
  const event = stockCodec.decode(type, data) ?? batchCodec.decode(type, data);
  switch (event?.type) {
    case 'StockAvailable':
    case 'StockExhausted':
    case 'StockLow': return inventoryEvents.encode(event);
    case 'UnitsLost': {
      const { factId, batchId, productId, terms, quantity, cost, inputTax, reason } = event;
      const { supplierId, bookId, businessLine, presentation, returnable } = terms;
      return inventoryEvents.encode({
        type: 'StockLost', factId, batchId, productId, supplierId, bookId, businessLine, terms: terms.terms, presentation, quantity, cost, inputTax,
        returnable: returnable ? 1 : 0, reason,
      });
    }
    case 'ImportCompleted': {
      const { plan: { batchId, productId, terms, fromPrepayment }, quantity, cost, inputTax } = event;
      const { supplierId, bookId, businessLine, presentation } = terms;
      return inventoryEvents.encode({
        type: 'BatchCompleted', batchId, productId, supplierId, bookId, businessLine, terms: terms.terms, presentation, quantity, cost, inputTax,
        fromPrepayment: fromPrepayment ? 1 : 0,
      });
    }
    default: return undefined;
  }
};
