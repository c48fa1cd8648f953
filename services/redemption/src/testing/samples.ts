import { type Instant, money, plusMs } from '@vouchsafe/kernel';
import { TEST_START } from '@vouchsafe/testing';
import type { Activation, GrantCommand, GrantEvent, Redeemed, UsageTerms } from '../domain/grant-messages.js';

const DAY_MS = 86_400_000;
export const T0: Instant = TEST_START;
export const after = (ms: number): Instant => plusMs(T0, ms);
export const termsOf = (over: Partial<UsageTerms> = {}): UsageTerms => ({
  usage: 'single', times: 1, faceMinor: 500n, currency: 'CNY', zone: 'Asia/Shanghai', reversalWindowMs: DAY_MS, rediscloseForMs: 3 * DAY_MS, rediscloseTimes: 2,
  ownClass: 'taxed', ...over,
});
/** Four units of 10.00 CNY in all, 6 % tax in them; indexes 10 to 12 and 90. */
export const grantOf = (over: Partial<Activation> = {}): Activation => ({
  orderId: 'ord_1', lineId: '1', chunk: 0, first: 0, unitsInLine: 4, reservationId: 'rsv_1', channelId: 'chn_1', ownerPrincipal: 'pri_1', productId: 'prd_1',
  kind: 'own_voucher', ranges: [{ batchId: 'bat_1', from: 10, to: 13 }, { batchId: 'bat_2', from: 90, to: 91 }], terms: termsOf(),
  lineGross: money(1_000n, 'CNY'), taxRateBp: 600, dims: { bookId: 'main', channelId: 'chn_1', orderId: 'ord_1', lineId: '1' }, at: T0, ...over,
});
export const activated = (over: Partial<Activation> = {}): GrantEvent => ({ type: 'GrantActivated', ...grantOf(over) });
type Redeem = Extract<GrantCommand, { type: 'Redeem' }>;
/** A redemption on Monday at 9:00 in store `sto_1`. */
export const redeem = (over: Partial<Redeem> = {}): Redeem => ({
  type: 'Redeem', redemptionId: 'rdm_1', place: 1, claim: { till: 'trm_1', key: '1' }, terminalId: 'trm_1', storeId: 'sto_1', local: { weekday: 1, minute: 540 },
  at: after(60_000), ...over,
});
/** Unit at place 1: batch 1, index 11; its share is 2.50 with 0.15 tax. */
export const redeemed = (over: Partial<Redeemed> = {}): GrantEvent => ({
  type: 'VoucherRedeemed', factId: `redeemed/${over.redemptionId ?? 'rdm_1'}`, redemptionId: 'rdm_1', voucherUnit: { batchId: 'bat_1', index: 11 }, orderId: 'ord_1', lineId: '1',
  dims: { bookId: 'main', channelId: 'chn_1', orderId: 'ord_1', lineId: '1', batchId: 'bat_1' }, kind: 'own_voucher', ownClass: 'taxed',
  gross: money(250n, 'CNY'), tax: money(15n, 'CNY'), storeId: 'sto_1', terminalId: 'trm_1', used: 1n, till: 'trm_1', key: '1', at: after(60_000), ...over,
});
