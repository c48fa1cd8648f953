import { amount, big, bool, eventCodec, int, list, oneOf, optional, record, text, time, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';
import { commandContract } from './command.js';
import { dimensions, grantTerms, ownVoucherClass, productKind, unitRange } from './common.js';

const target = 'redemption';
/** Units per grant chunk, at most (ARCHITECTURE §2). Frozen: chunk numbers derive from it. */
export const GRANT_CHUNK_UNITS = 256;
const ofLine = ({ orderId, lineId }: { readonly orderId: string; readonly lineId: string }): string => `${orderId}_${lineId}`;
/** Stream of chunk `n` (from 0) of an order line's grant. */
export const grantStream = (orderId: string, lineId: string, chunk: number): string => `grant-${orderId}_${lineId}_${chunk}`;

/** Opens the grant of an order line: from here the buyer's side is entitled to the units (this is the delivery). Idempotent by line. */
export const activateGrant = commandContract({
  target, name: 'ActivateGrant', keyOf: ofLine,
  command: record({
    orderId: text(), lineId: text(), reservationId: text(), channelId: text(),
    /** Principal whose order it is: the one that may fetch its secrets. */
    ownerPrincipal: text(),
    productId: text(), kind: productKind, ranges: list(unitRange), terms: grantTerms,
    /** Gross and tax rate of the whole line, for what each unit's use is worth. */
    lineGross: amount, taxRateBp: int, dims: dimensions,
  }),
  result: record({ chunks: int, activatedAt: time }),
  rejections: ['GRANT_DIFFERS', 'GRANT_HELD'],
});
/** Voids units for a refund or charge-back, undisclosed first, then disclosed and unused, by index. Idempotent by `refundId`. */
export const voidUnits = commandContract({
  target, name: 'VoidUnits', keyOf: ofLine,
  command: record({
    refundId: text(), orderId: text(), lineId: text(), unitsInLine: int,
    units: optional(list(record({ batchId: text(), index: int }))), quantity: optional(int),
    reason: oneOf('refund', 'chargeback', 'recall', 'replace'),
  }),
  result: record({
    accepted: list(record({ batchId: text(), from: int, to: int, disclosed: bool, /** Unused gross of the range. */ unusedMinor: big })),
    refused: list(record({ batchId: text(), index: int, code: text() })),
  }),
  rejections: ['GRANT_UNKNOWN'],
});
/** Records that secrets leave, to a principal; the answer names the units inventory may open under `disclosureId`. Idempotent by `disclosureId`. */
export const discloseUnits = commandContract({
  target, name: 'DiscloseUnits', keyOf: ofLine,
  command: record({
    disclosureId: text(), orderId: text(), lineId: text(), unitsInLine: int, principalId: text(),
    /** Break-glass: why, and the second person's approval. */
    reason: optional(text()), approvalId: optional(text()),
  }),
  result: record({ ranges: list(unitRange), /** Ranges not disclosed now: allowance spent, frozen, voided. */ withheld: list(record({ batchId: text(), from: int, to: int, code: text() })) }),
  rejections: ['GRANT_UNKNOWN', 'NOT_YOURS', 'DISCLOSURE_ALLOWANCE_SPENT'],
});

const redeemed = record({
  factId: text(), redemptionId: text(), voucherUnit: record({ batchId: text(), index: int }), orderId: text(), lineId: text(), dims: dimensions, kind: productKind,
  ownClass: ownVoucherClass, gross: amount, tax: amount, storeId: text(), terminalId: text(), scene: optional(text()), partnerMerchantId: optional(text()),
  /** Our commission on a redemption at a partner's store, and the tax in it; with `partnerMerchantId` only. */
  partnerCommission: optional(amount), partnerCommissionTax: optional(amount),
});
const reversed = record({ factId: text(), originalFactId: text(), redemptionId: text(), dims: dimensions, kind: productKind });
const lapsed = record({ factId: text(), dims: dimensions, kind: productKind, ownClass: ownVoucherClass, gross: amount, tax: amount });
const disclosed = record({ disclosureId: text(), orderId: text(), lineId: text(), principalId: text(), ranges: list(unitRange), at: time });
export type RedemptionIntegrationEvent =
  | Message<'VoucherRedeemed', TypeOf<typeof redeemed>>
  | Message<'RedemptionReversed', TypeOf<typeof reversed>>
  | Message<'RightLapsed', TypeOf<typeof lapsed>>
  | Message<'UnitsDisclosed', TypeOf<typeof disclosed>>;
/** What others hear from redemption. The ledger books `factId` once. */
export const redemptionEvents = eventCodec<RedemptionIntegrationEvent>('redemption', {
  VoucherRedeemed: { version: 1, shape: redeemed, published: true },
  RedemptionReversed: { version: 1, shape: reversed, published: true },
  RightLapsed: { version: 1, shape: lapsed, published: true },
  UnitsDisclosed: { version: 1, shape: disclosed, published: true },
});
