import { amount, big, bool, dict, eventCodec, int, list, millis, oneOf, optional, record, text, time } from '@vouchsafe/codec';
import { dimensions, ownVoucherClass, productKind, unitRange } from '@vouchsafe/contracts';
import { activationShape } from './activation-shape.js';
import type { GrantEvent } from '../domain/grant-messages.js';
import type { GuessEvent } from '../domain/guess.js';
import type { TerminalEvent } from '../domain/terminal.js';

const unit = record({ batchId: text(), index: int });
const reason = oneOf('refund', 'chargeback', 'recall', 'replace');
const voidRefusal = oneOf('ALREADY_REDEEMED', 'PARTLY_REDEEMED', 'VOUCHER_VOIDED', 'VOUCHER_LAPSED');

/** Stored events of `grant-` streams. The four published ones hold the contract's fields and more. */
export const grantCodec = eventCodec<GrantEvent>('redemption', {
  GrantActivated: { version: 1, shape: activationShape },
  UnitsDisclosed: {
    version: 1, published: true,
    shape: record({
      disclosureId: text(), orderId: text(), lineId: text(), principalId: text(), ranges: list(unitRange), at: time,
      reason: optional(text()), approvalId: optional(text()),
    }),
  },
  DisclosureRefused: { version: 1, shape: record({ principalId: text(), code: text(), at: time }) },
  VoucherRedeemed: {
    version: 1, published: true,
    shape: record({
      factId: text(), redemptionId: text(), voucherUnit: unit, orderId: text(), lineId: text(), dims: dimensions,
      kind: productKind, ownClass: ownVoucherClass, gross: amount, tax: amount, storeId: text(), terminalId: text(), scene: optional(text()),
      partnerMerchantId: optional(text()), partnerCommission: optional(amount), partnerCommissionTax: optional(amount),
      used: big, till: text(), key: text(), at: time,
    }),
  },
  RedemptionReversed: {
    version: 1, published: true,
    shape: record({ factId: text(), originalFactId: text(), redemptionId: text(), dims: dimensions, kind: productKind, unit, reason: text(), at: time }),
  },
  VoucherFrozen: { version: 1, shape: record({ unit, reason: text(), at: time }) },
  VoucherUnfrozen: { version: 1, shape: record({ unit, reason: text(), at: time }) },
  VoucherExtended: { version: 1, shape: record({ unit, endsAt: time, lapsesAt: optional(time), reason: text(), at: time }) },
  UnitsVoided: {
    version: 1,
    shape: record({
      refundId: text(), reason, at: time,
      accepted: list(record({ batchId: text(), from: int, to: int, disclosed: bool, unusedMinor: big })),
      refused: list(record({ batchId: text(), index: int, code: voidRefusal })),
    }),
  },
  UnitsLapsed: { version: 1, shape: record({ ranges: list(unitRange), at: time }) },
  RightLapsed: {
    version: 1, published: true,
    shape: record({ factId: text(), dims: dimensions, kind: productKind, ownClass: ownVoucherClass, gross: amount, tax: amount }),
  },
  VoucherLookedUp: { version: 1, shape: record({ unit, principalId: text(), reason: text(), at: time }) },
});

/** Stored events of `terminal-` streams; short, for every redemption has one. */
export const terminalCodec = eventCodec<TerminalEvent>('redemption', {
  SequenceClaimed: { version: 1, shape: record({ key: text(), fingerprint: text(), redemptionId: text(), grant: text(), place: int, at: millis }) },
  SequenceRefused: { version: 1, shape: record({ key: text(), code: text(), details: dict(text()), at: millis }) },
});

/** Stored events of `guess-` streams. */
export const guessCodec = eventCodec<GuessEvent>('redemption', {
  WrongCodePresented: { version: 1, shape: record({ pausedUntil: optional(time), forgetBefore: time, at: time }) },
  TerminalLocked: { version: 1, shape: record({ at: time }) },
  TerminalUnlocked: { version: 1, shape: record({ reason: text(), at: time }) },
});
