import { specification } from '@vouchsafe/testing';
import { after, NOW } from '../testing/builders.js';
import { type PaymentCommand, paymentDecider, type PaymentEvent } from './payment.js';

const payment = specification(paymentDecider);
const asked = { orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', provider: 'sandbox', merchantId: 'mch_1', amountMinor: 990n, currency: 'CNY', payBy: after(600_000), at: NOW };
const requested: PaymentEvent = { type: 'PaymentRequested', ...asked };
const offered: PaymentEvent = { type: 'PaymentOffered', providerRef: 'psp_1', action: { kind: 'url', value: 'https://pay' }, at: after(10) };
const receipt = (change: object = {}) => ({ noticeId: 'evt_1', transactionId: 'txn_1', receivedMinor: 990n, currency: 'CNY', at: after(100), ...change });
const note = (change: object = {}): PaymentCommand => ({ type: 'NoteReceipt', ...receipt(change) });
const succeeded: PaymentEvent = { type: 'PaymentSucceeded', n: 1, ...receipt() };
const noted = (noticeId: string, about: string): PaymentEvent => ({ type: 'NoticeNoted', noticeId, about, at: after(100) });

it('is asked for once', () => {
  payment.given().when({ type: 'RequestPayment', ...asked }).then(requested);
  payment.given(requested).when({ type: 'RequestPayment', ...asked }).then();
});
it('is paid by exactly what was asked for', () => payment.given(requested, offered).when(note()).then(succeeded));
it('counts the same notice once, and the same transaction once under whatever notice', () => {
  payment.given(requested, succeeded).when(note()).then();
  payment.given(requested, succeeded).when(note({ noticeId: 'evt_2' })).then(noted('evt_2', 'paid'));
  payment.given(requested, succeeded, noted('evt_2', 'paid')).when(note({ noticeId: 'evt_2' })).then();
});
it.each([[{ receivedMinor: 989n }], [{ receivedMinor: 991n }], [{ currency: 'USD' }]])('takes %j for surplus, never for the payment', (change) =>
  payment.given(requested, offered).when(note(change)).then({ type: 'SurplusReceived', reason: 'AMOUNT_DIFFERS', n: 1, ...receipt(change) }));
it('takes a second payment for surplus', () =>
  payment.given(requested, succeeded).when(note({ noticeId: 'evt_2', transactionId: 'txn_2' })).then({ type: 'SurplusReceived', reason: 'PAID_TWICE', n: 2, ...receipt({ noticeId: 'evt_2', transactionId: 'txn_2' }) }));
it('may still be paid rightly after a wrong amount', () => {
  const wrong: PaymentEvent = { type: 'SurplusReceived', reason: 'AMOUNT_DIFFERS', n: 1, ...receipt({ receivedMinor: 1n }) };
  payment.given(requested, wrong).when(note({ noticeId: 'evt_2', transactionId: 'txn_2' })).then({ type: 'PaymentSucceeded', n: 2, ...receipt({ noticeId: 'evt_2', transactionId: 'txn_2' }) });
});
it('fails or closes by notice only while nothing has come', () => {
  const fail: PaymentCommand = { type: 'NoteFailure', noticeId: 'evt_9', outcome: 'failed', reason: 'DECLINED', at: after(100) };
  payment.given(requested, offered).when(fail).then({ type: 'PaymentFailed', noticeId: 'evt_9', reason: 'DECLINED', at: after(100) });
  payment.given(requested, succeeded).when(fail).then(noted('evt_9', 'failed'));
});
it('is paid also by money that comes after it was closed', () => payment.given(requested, offered, { type: 'PaymentClosed', at: after(50) }).when(note()).then(succeeded));
it('cannot be closed once it is paid', () => {
  payment.given(requested, offered).when({ type: 'ClosePayment', at: after(50) }).then({ type: 'PaymentClosed', at: after(50) });
  payment.given(requested, succeeded).when({ type: 'ClosePayment', at: after(50) }).rejected('PAYMENT_PAID');
});
it('settles each receipt once', () => {
  const settle: PaymentCommand = { type: 'SettleReceipt', n: 1, outcome: 'order', at: after(200) };
  const settled: PaymentEvent = { type: 'ReceiptSettled', n: 1, outcome: 'order', at: after(200) };
  payment.given(requested, succeeded).when(settle).then(settled);
  payment.given(requested, succeeded, settled).when(settle).then();
  payment.given(requested).when(settle).rejected('RECEIPT_UNKNOWN');
  payment.given().when(settle).rejected('PAYMENT_UNKNOWN');
});
it('keeps a bounded number of notices that say nothing', () => {
  const state = payment.run([requested, succeeded], Array.from({ length: 300 }, (_, i): PaymentCommand => ({ type: 'NoteNotice', noticeId: `evt_x${i}`, about: 'closed', at: NOW })));
  expect(state.state !== 'absent' && state.notices.size).toBe(200);
});
