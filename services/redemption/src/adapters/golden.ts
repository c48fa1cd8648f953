import type { Json } from '@vouchsafe/codec';

/** One sample per stored version as it lies in logs. Never edited, never deleted. */
export const GOLDEN: readonly { readonly type: string; readonly data: Json }[] = [
  {
    type: 'redemption.GrantActivated.v1',
    data: {
      orderId: 'ord_1', lineId: '1', reservationId: 'rsv_1', channelId: 'chn_1', owner: 'pri_1',
      productId: 'prd_1', kind: 'own_voucher',
      ranges: [['bat_1', 10, 13], ['bat_2', 90, 91]],
      terms: { faceMinor: '500', reversalWindowMs: 86400000, redisclose: [259200000, 2] }, gross: '1000',
      currency: 'USD', taxRateBp: 600, dims: { bookId: 'main', productId: '' }, at: 1772413200000,
    },
  },
  {
    type: 'redemption.UnitsDisclosed.v1',
    data: {
      disclosureId: 'dsc_1', orderId: 'ord_1', lineId: '1', principalId: 'pri_1',
      ranges: [{ batchId: 'bat_1', from: 10, to: 13 }], at: '2026-03-02T01:00:01.000Z', reason: 'ticket 7',
      approvalId: 'apr_1',
    },
  },
  {
    type: 'redemption.DisclosureRefused.v1',
    data: { principalId: 'pri_2', code: 'NOT_YOURS', at: '2026-03-02T01:00:01.000Z' },
  },
  {
    type: 'redemption.VoucherRedeemed.v1',
    data: {
      factId: 'redeemed/rdm_1', redemptionId: 'rdm_1', voucherUnit: { batchId: 'bat_1', index: 11 },
      orderId: 'ord_1', lineId: '1',
      dims: { bookId: 'main', channelId: 'chn_1', batchId: 'bat_1', orderId: 'ord_1', lineId: '1' },
      kind: 'own_voucher', ownClass: 'taxed', gross: { minor: '250', currency: 'CNY' },
      tax: { minor: '15', currency: 'CNY' }, storeId: 'sto_1', terminalId: 'trm_1', scene: 'dine-in',
      partnerMerchantId: 'mer_1', partnerCommission: { minor: '25', currency: 'CNY' },
      partnerCommissionTax: { minor: '1', currency: 'CNY' }, used: '1', till: 'trm_1', key: '1',
      at: '2026-03-02T01:01:00.000Z',
    },
  },
  {
    type: 'redemption.RedemptionReversed.v1',
    data: {
      factId: 'reversed/rdm_1', originalFactId: 'redeemed/rdm_1', redemptionId: 'rdm_1',
      dims: { bookId: 'main', channelId: 'chn_1', batchId: 'bat_1', orderId: 'ord_1', lineId: '1' },
      kind: 'own_voucher', unit: { batchId: 'bat_1', index: 11 }, reason: 'mistake',
      at: '2026-03-02T01:00:02.000Z',
    },
  },
  {
    type: 'redemption.VoucherFrozen.v1',
    data: { unit: { batchId: 'bat_1', index: 11 }, reason: 'dispute', at: '2026-03-02T01:00:02.000Z' },
  },
  {
    type: 'redemption.VoucherUnfrozen.v1',
    data: { unit: { batchId: 'bat_1', index: 11 }, reason: 'won', at: '2026-03-02T01:00:02.000Z' },
  },
  {
    type: 'redemption.VoucherExtended.v1',
    data: {
      unit: { batchId: 'bat_1', index: 11 }, endsAt: '2026-03-02T01:00:09.000Z',
      lapsesAt: '2026-03-02T01:00:19.000Z', reason: 'goodwill', at: '2026-03-02T01:00:02.000Z',
    },
  },
  {
    type: 'redemption.UnitsVoided.v1',
    data: {
      refundId: 'rfd_1', reason: 'refund', at: '2026-03-02T01:00:03.000Z',
      accepted: [{ batchId: 'bat_1', from: 12, to: 13, disclosed: true, unusedMinor: '250' }],
      refused: [{ batchId: 'bat_1', index: 11, code: 'ALREADY_REDEEMED' }],
    },
  },
  {
    type: 'redemption.UnitsLapsed.v1',
    data: { ranges: [{ batchId: 'bat_1', from: 10, to: 11 }], at: '2026-03-02T01:00:04.000Z' },
  },
  {
    type: 'redemption.RightLapsed.v1',
    data: {
      factId: 'lapsed/ord_1/1/0',
      dims: { bookId: 'main', channelId: 'chn_1', batchId: 'bat_1', orderId: 'ord_1', lineId: '1' },
      kind: 'own_voucher', ownClass: 'taxed', gross: { minor: '750', currency: 'CNY' },
      tax: { minor: '42', currency: 'CNY' },
    },
  },
  {
    type: 'redemption.VoucherLookedUp.v1',
    data: {
      unit: { batchId: 'bat_1', index: 11 }, principalId: 'pri_staff', reason: 'complaint',
      at: '2026-03-02T01:00:04.000Z',
    },
  },
  {
    type: 'redemption.SequenceClaimed.v1',
    data: {
      key: '7', fingerprint: 'bat_1/11', redemptionId: 'rdm_1', grant: 'grant-ord_1_1_0', place: 1,
      at: 1772413200000,
    },
  },
  {
    type: 'redemption.SequenceRefused.v1',
    data: { key: '7', code: 'VOUCHER_FROZEN', details: {}, at: 1772413200000 },
  },
  {
    type: 'redemption.WrongCodePresented.v1',
    data: {
      pausedUntil: '2026-03-02T01:00:01.000Z', forgetBefore: '2026-03-02T00:00:00.000Z',
      at: '2026-03-02T01:00:00.000Z',
    },
  },
  {
    type: 'redemption.TerminalLocked.v1',
    data: { at: '2026-03-02T01:00:00.000Z' },
  },
  {
    type: 'redemption.TerminalUnlocked.v1',
    data: { reason: 'seen the clerk', at: '2026-03-02T01:00:00.000Z' },
  },
];
