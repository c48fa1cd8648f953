import { big, bool, eventCodec, int, list, millis, oneOf, optional, record, type Shape, ShapeError, text } from '@vouchsafe/codec';
import type { CommittedLine, Ending, OrderEvent } from '../domain/order-events.js';
import type { LineCount } from '../domain/terms.js';
import { compact, field, maybe, usually, worded } from './compact.js';
import { costedRangeStored, orderTerms } from './terms-shape.js';

/** `[line, product, ordered, delivered]`; what was not delivered failed. */
const lineCount: Shape<LineCount> = {
  write: ({ lineId, productId, ordered, delivered }) => [lineId, productId, ordered, delivered],
  read: (json, path) => {
    if (!Array.isArray(json)) throw new ShapeError(path, 'a list');
    const [ordered, delivered] = [int.read(json[2], path), int.read(json[3], path)];
    return { lineId: text().read(json[0], path), productId: text().read(json[1], path), ordered, delivered, failed: ordered - delivered };
  },
};
const endingFields = {
  number: field('number', text()), channelId: field('channelId', text()), totalMinor: field('total', big),
  currency: usually('currency', text(), 'CNY'), placedAt: field('placedAt', millis), lines: field('lines', list(lineCount)),
};
const committedLine = compact<CommittedLine>({ lineId: field('id', text()), ranges: field('ranges', list(costedRangeStored)) });
const committed = record({ lines: list(committedLine), at: millis });
const at = record({ at: millis });
const refundShare = record({ lineId: text(), units: int, minor: big, unitsBefore: int, minorBefore: big });

type Data<T extends OrderEvent['type']> = Omit<Extract<OrderEvent, { type: T }>, 'type'>;

/** Stored events of `order-<id>`; those with an ending are what others hear of. */
export const orderCodec = eventCodec<OrderEvent>('order', {
  OrderPlaced: { version: 1, shape: orderTerms },
  OrderRefused: {
    version: 1, published: true,
    shape: compact<Data<'OrderRefused'>>({
      ...endingFields, principal: field('principal', text()), fingerprint: field('fingerprint', text()), reason: field('reason', text()),
      details: worded('details'), challengeToken: maybe('challengeToken', text()),
    }),
  },
  ReviewBegun: { version: 1, shape: record({ until: millis, at: millis }) },
  ReviewResolved: { version: 1, shape: record({ decision: oneOf('allow', 'deny'), by: text(), at: millis }) },
  PaymentAwaited: { version: 1, shape: at },
  PaymentReceived: { version: 1, shape: at },
  OrderConfirmed: { version: 1, shape: committed },
  TopUpSettled: {
    version: 1,
    shape: record({ lineId: text(), delivered: int, reason: optional(text()), supplierId: text(), costMinor: big, taxMinor: big, fromPrepayment: optional(bool), at: millis }),
  },
  LineDelivered: { version: 1, shape: record({ lineId: text(), at: millis }) },
  OrderCompleted: { version: 1, published: true, shape: compact<Ending & Data<'OrderCompleted'>>({ ...endingFields, at: field('at', millis) }) },
  OrderRejected: {
    version: 1, published: true,
    shape: compact<Data<'OrderRejected'>>({ ...endingFields, reason: field('reason', text()), details: worded('details'), at: field('at', millis) }),
  },
  OrderCancelled: {
    version: 1, published: true,
    shape: compact<Data<'OrderCancelled'>>({ ...endingFields, reason: field('reason', text()), by: maybe('by', text()), at: field('at', millis) }),
  },
  OrderUndone: { version: 1, shape: at },
  RevivalBegun: { version: 1, shape: record({ answerBy: millis, heldUntil: millis, at: millis }) },
  OrderRevived: { version: 1, shape: committed },
  RevivalFailed: { version: 1, shape: record({ reason: text(), at: millis }) },
  RefundAllocated: {
    version: 1, shape: record({ refundId: text(), cause: oneOf('refund', 'chargeback'), shares: list(refundShare), at: millis }),
  },
});
