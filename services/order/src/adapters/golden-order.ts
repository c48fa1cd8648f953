import type { Json } from '@vouchsafe/codec';
import { instant } from '@vouchsafe/kernel';
import type { OrderEvent } from '../domain/order-events.js';

/** A sample per stored version: as it lies in logs, and what it means. Never edited, never deleted. */
export const GOLDEN_ORDER: readonly { readonly type: string; readonly data: Json; readonly event: OrderEvent }[] = [
  {
    type: 'order.OrderPlaced.v1',
    data: { number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1', bookId: 'main', total:
      '990', verdict: { id: 'vdt_1' }, answerBy: 1772413210000, heldUntil: 1772414100000, at: 1772413200000, lines:
      [{ id: '1', productId: 'prd_code', listingId: 'lst_1', priceListId: 'plt_1', unit: '9900000', gross: '990',
      taxBp: 1300, line: 'video', supplierId: 'sup_1', usage: { face: '1000' } }] },
    event: { type: 'OrderPlaced', number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1',
      settlement: 'prepaid', bookId: 'main', currency: 'CNY', totalMinor: 990n, whole: false, verdict: { decision:
      'allow', verdictId: 'vdt_1', fallback: false }, answerBy: instant(1772413210000), heldUntil:
      instant(1772414100000), placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code',
      productVersion: 1, kind: 'code', listingId: 'lst_1', priceListId: 'plt_1', quantity: 1, unitMicros: 9900000n,
      grossMinor: 990n, taxRateBp: 1300, agent: false, stockPaid: false, businessLine: 'video', supplierId: 'sup_1',
      owedMicros: 0n, chain: [], usage: { usage: 'single', times: 1, faceMinor: 1000n, zone: 'Asia/Shanghai',
      reversalWindowMs: 0, rediscloseForMs: 259200000, rediscloseTimes: 10, prepaidUntaxed: false } }] },
  },
  {
    type: 'order.OrderPlaced.v1',
    data: { number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1', settlement:
      'consumer_pay', payer: 'chn_root', bookId: 'main', total: '5980', whole: true, verdict: { decision: 'review',
      id: 'vdt_1' }, buyer: { token: 'tok_kim', refs: ['sub_kim', 'sub_ip'] }, payment: { provider: 'sandbox',
      payBy: 1772413800000, fulfilLate: true }, reviewUntil: 1772413500000, answerBy: 1772413210000, heldUntil:
      1772414100000, at: 1772413200000, lines: [{ id: '1', productId: 'prd_code', listingId: 'lst_1', priceListId:
      'plt_1', quantity: 2, unit: '9900000', gross: '1980', taxBp: 1300, taxClass: 'standard', agent: true,
      stockPaid: true, line: 'video', supplierId: 'sup_1', owed: '8000000', quota: 100, buyerLimit: 3, minValidMs:
      86400000, usage: { use: 'balance', times: 3, face: '1000', from: 1772413200000, until: 1773413200000, days:
      30, zone: 'Asia/Urumqi', weekdays: [1, 2], fromMinute: 60, toMinute: 600, stores: ['sto_1'], scenes:
      ['counter'], reversalMs: 60000, rediscloseMs: 1000, redisclose: 2, untaxed: true }, chain: [{ channelId:
      'chn_root', unit: '9000000', margin: '180' }, { channelId: 'chn_shop', unit: '9900000' }] }, { id: '2',
      productId: 'prd_phone', kind: 'top_up', listingId: 'lst_1', priceListId: 'plt_1', quantity: 4, unit:
      '10000000', gross: '4000', taxBp: 1300, line: 'video', supplierId: 'sup_1', usage: { face: '1000' }, topUp: {
      provider: 'sandbox', sku: 'sku_1', face: '1000', cost: '9000000', taxBp: 600, guardMs: 60000, giveUpMs:
      3600000, account: 'sub_a', token: 'tok_a', repeat: true } }] },
    event: { type: 'OrderPlaced', number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1',
      settlement: 'consumer_pay', bookId: 'main', currency: 'CNY', totalMinor: 5980n, whole: true, verdict: {
      decision: 'review', verdictId: 'vdt_1', fallback: false }, answerBy: instant(1772413210000), heldUntil:
      instant(1772414100000), placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code',
      productVersion: 1, kind: 'code', listingId: 'lst_1', priceListId: 'plt_1', quantity: 2, unitMicros: 9900000n,
      grossMinor: 1980n, taxRateBp: 1300, agent: true, stockPaid: true, businessLine: 'video', supplierId: 'sup_1',
      owedMicros: 8000000n, chain: [{ channelId: 'chn_root', unitMicros: 9000000n, marginMinor: 180n }, { channelId:
      'chn_shop', unitMicros: 9900000n, marginMinor: 0n }], usage: { usage: 'balance', times: 3, faceMinor: 1000n,
      validFrom: instant(1772413200000), validUntil: instant(1773413200000), validDays: 30, zone: 'Asia/Urumqi',
      weekdays: [1, 2], fromMinute: 60, toMinute: 600, storeIds: ['sto_1'], scenes: ['counter'], reversalWindowMs:
      60000, rediscloseForMs: 1000, rediscloseTimes: 2, prepaidUntaxed: true }, taxClass: 'standard', quota: 100,
      buyerLimit: 3, minValidMs: 86400000 }, { lineId: '2', productId: 'prd_phone', productVersion: 1, kind:
      'top_up', listingId: 'lst_1', priceListId: 'plt_1', quantity: 4, unitMicros: 10000000n, grossMinor: 4000n,
      taxRateBp: 1300, agent: false, stockPaid: false, businessLine: 'video', supplierId: 'sup_1', owedMicros: 0n,
      chain: [], usage: { usage: 'single', times: 1, faceMinor: 1000n, zone: 'Asia/Shanghai', reversalWindowMs: 0,
      rediscloseForMs: 259200000, rediscloseTimes: 10, prepaidUntaxed: false }, topUp: { provider: 'sandbox',
      providerSku: 'sku_1', faceMinor: 1000n, costMicros: 9000000n, inputTaxRateBp: 600, guardMs: 60000, giveUpMs:
      3600000, accountRef: 'sub_a', accountToken: 'tok_a', allowRepeat: true } }], payerChannelId: 'chn_root',
      buyer: { token: 'tok_kim', refs: ['sub_kim', 'sub_ip'] }, reviewUntil: instant(1772413500000), payment: {
      provider: 'sandbox', payBy: instant(1772413800000), fulfilLate: true } },
  },
  {
    type: 'order.OrderRefused.v1',
    data: { number: 'N-1', channelId: 'chn_shop', total: '990', placedAt: 1772413200000, lines: [['1', 'prd_code',
      1, 0]], principal: 'pri_shop', fingerprint: 'f1', reason: 'CHALLENGE_REQUIRED', details: { a: 'b' },
      challengeToken: 'tok_c' },
    event: { type: 'OrderRefused', number: 'N-1', channelId: 'chn_shop', totalMinor: 990n, currency: 'CNY',
      placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code', ordered: 1, delivered: 0,
      failed: 1 }], principal: 'pri_shop', fingerprint: 'f1', reason: 'CHALLENGE_REQUIRED', details: { a: 'b' },
      challengeToken: 'tok_c' },
  },
  {
    type: 'order.ReviewBegun.v1',
    data: { until: 1772413500000, at: 1772413200000 },
    event: { type: 'ReviewBegun', until: instant(1772413500000), at: instant(1772413200000) },
  },
  {
    type: 'order.ReviewResolved.v1',
    data: { decision: 'allow', by: 'pri_ann', at: 1772413200000 },
    event: { type: 'ReviewResolved', decision: 'allow', by: 'pri_ann', at: instant(1772413200000) },
  },
  {
    type: 'order.PaymentAwaited.v1',
    data: { at: 1772413200000 },
    event: { type: 'PaymentAwaited', at: instant(1772413200000) },
  },
  {
    type: 'order.PaymentReceived.v1',
    data: { at: 1772413200000 },
    event: { type: 'PaymentReceived', at: instant(1772413200000) },
  },
  {
    type: 'order.OrderConfirmed.v1',
    data: { lines: [{ id: '1', ranges: [{ batchId: 'bat_1', from: 0, to: 1, supplierId: 'sup_1', cost: '6000000' }]
      }], at: 1772413200000 },
    event: { type: 'OrderConfirmed', lines: [{ lineId: '1', ranges: [{ batchId: 'bat_1', from: 0, to: 1, supplierId:
      'sup_1', terms: 'purchased', unitCostMicros: 6000000n, unitTaxMicros: 0n, currency: 'CNY' }] }], at:
      instant(1772413200000) },
  },
  {
    type: 'order.TopUpSettled.v1',
    data: { lineId: '2', delivered: 3, reason: 'PARTLY', supplierId: 'sup_9', costMinor: '3600', taxMinor: '0',
      fromPrepayment: true, at: 1772413200080 },
    event: { type: 'TopUpSettled', lineId: '2', delivered: 3, supplierId: 'sup_9', costMinor: 3600n, taxMinor: 0n,
      at: instant(1772413200080), reason: 'PARTLY', fromPrepayment: true },
  },
  {
    type: 'order.LineDelivered.v1',
    data: { lineId: '1', at: 1772413200000 },
    event: { type: 'LineDelivered', lineId: '1', at: instant(1772413200000) },
  },
  {
    type: 'order.OrderCompleted.v1',
    data: { number: 'N-1', channelId: 'chn_shop', total: '990', placedAt: 1772413200000, lines: [['1', 'prd_code',
      1, 1]], at: 1772413200000 },
    event: { type: 'OrderCompleted', number: 'N-1', channelId: 'chn_shop', totalMinor: 990n, currency: 'CNY',
      placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code', ordered: 1, delivered: 1,
      failed: 0 }], at: instant(1772413200000) },
  },
  {
    type: 'order.OrderRejected.v1',
    data: { number: 'N-1', channelId: 'chn_shop', total: '990', placedAt: 1772413200000, lines: [['1', 'prd_code',
      1, 0]], reason: 'OUT_OF_STOCK', at: 1772413200000 },
    event: { type: 'OrderRejected', number: 'N-1', channelId: 'chn_shop', totalMinor: 990n, currency: 'CNY',
      placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code', ordered: 1, delivered: 0,
      failed: 1 }], reason: 'OUT_OF_STOCK', details: {  }, at: instant(1772413200000) },
  },
  {
    type: 'order.OrderCancelled.v1',
    data: { number: 'N-1', channelId: 'chn_shop', total: '990', placedAt: 1772413200000, lines: [['1', 'prd_code',
      1, 0]], reason: 'CANCELLED_BY_CHANNEL', by: 'pri_shop', at: 1772413200000 },
    event: { type: 'OrderCancelled', number: 'N-1', channelId: 'chn_shop', totalMinor: 990n, currency: 'CNY',
      placedAt: instant(1772413200000), lines: [{ lineId: '1', productId: 'prd_code', ordered: 1, delivered: 0,
      failed: 1 }], reason: 'CANCELLED_BY_CHANNEL', by: 'pri_shop', at: instant(1772413200000) },
  },
  {
    type: 'order.OrderUndone.v1',
    data: { at: 1772413200000 },
    event: { type: 'OrderUndone', at: instant(1772413200000) },
  },
  {
    type: 'order.RevivalBegun.v1',
    data: { answerBy: 1772413210000, heldUntil: 1772414100000, at: 1772413200000 },
    event: { type: 'RevivalBegun', answerBy: instant(1772413210000), heldUntil: instant(1772414100000), at:
      instant(1772413200000) },
  },
  {
    type: 'order.OrderRevived.v1',
    data: { lines: [{ id: '1', ranges: [{ batchId: 'bat_1', from: 3, to: 5, supplierId: 'sup_1', terms:
      'consignment', cost: '6000000', tax: '10', until: 1773413200000 }] }], at: 1772413200000 },
    event: { type: 'OrderRevived', lines: [{ lineId: '1', ranges: [{ batchId: 'bat_1', from: 3, to: 5, supplierId:
      'sup_1', terms: 'consignment', unitCostMicros: 6000000n, unitTaxMicros: 10n, currency: 'CNY', validUntil:
      instant(1773413200000) }] }], at: instant(1772413200000) },
  },
  {
    type: 'order.RevivalFailed.v1',
    data: { reason: 'OUT_OF_STOCK', at: 1772413200000 },
    event: { type: 'RevivalFailed', reason: 'OUT_OF_STOCK', at: instant(1772413200000) },
  },
  {
    type: 'order.RefundAllocated.v1',
    data: { refundId: 'rfd_1', cause: 'refund', shares: [{ lineId: '1', units: 2, minor: '1980', unitsBefore: 0,
      minorBefore: '0' }], at: 1772413200000 },
    event: { type: 'RefundAllocated', refundId: 'rfd_1', cause: 'refund', shares: [{ lineId: '1', units: 2, minor:
      1980n, unitsBefore: 0, minorBefore: 0n }], at: instant(1772413200000) },
  },
];
