import { specification } from '@vouchsafe/testing';
import { after, aLine, NOW } from '../testing/builders.js';
import { chargebackDecider, type ChargebackEvent } from './chargeback.js';
import { refundDecider, type RefundEvent, type RefundRequest } from './refund.js';
import { splitShare } from './take-back.js';

const refund = specification(refundDecider);
const asked = (change: Partial<RefundRequest> = {}): RefundRequest => ({
  kind: 'units', orderId: 'ord_1', channelId: 'chn_shop', bookId: 'main', settlement: 'prepaid', currency: 'CNY', lines: [{ lineId: '1', quantity: 2 }], principal: 'pri_shop',
  fingerprint: 'f1', at: NOW, ...change,
});
const requested = (change: Partial<RefundRequest> = {}): RefundEvent => ({ type: 'RefundRequested', ...asked(change) });
const voided = (refused = 0): RefundEvent => ({
  type: 'UnitsVoided', at: after(10),
  lines: [{ lineId: '1', accepted: [{ batchId: 'bat_1', from: 0, to: 1, disclosed: false, unusedMinor: 990n }], refused: refused ? [{ code: 'ALREADY_REDEEMED', units: refused }] : [] }],
});
const value = { lineId: '1', returned: [{ batchId: 'bat_1', from: 0, to: 1 }], lost: [], returnedMinor: 990n, lostMinor: 0n, issuerAccepts: false, share: { lineId: '1', units: 1, minor: 990n, unitsBefore: 0, minorBefore: 0n } };
const valued: RefundEvent = { type: 'RefundValued', lines: [value], amountMinor: 990n, at: after(20) };
const ended = (end: 'COMPLETED' | 'PARTIAL' | 'FAILED', amountMinor: bigint, failure?: string, at = after(30)): RefundEvent =>
  ({ type: 'RefundSettled', orderId: 'ord_1', channelId: 'chn_shop', end, amountMinor, currency: 'CNY', ...(failure !== undefined && { failure }), at });

describe('a refund', () => {
  it('is one per request id', () => {
    refund.given().when({ type: 'RequestRefund', ...asked() }).then(requested());
    refund.given(requested()).when({ type: 'RequestRefund', ...asked() }).then();
    refund.given(requested()).when({ type: 'RequestRefund', ...asked({ fingerprint: 'f2' }) }).rejected('REQUEST_ID_REUSED');
  });
  it('fails where no grant accepted anything', () =>
    refund.given(requested()).when({ type: 'RecordVoids', lines: [{ lineId: '1', accepted: [], refused: [{ code: 'ALREADY_REDEEMED', units: 2 }] }], at: after(30) }).then(
      { type: 'UnitsVoided', lines: [{ lineId: '1', accepted: [], refused: [{ code: 'ALREADY_REDEEMED', units: 2 }] }], at: after(30) }, ended('FAILED', 0n, 'ALREADY_REDEEMED'),
    ));
  it('takes its steps in order, each once', () => {
    refund.given(requested()).when({ type: 'RecordBooked', at: after(30) }).rejected('STEP_OUT_OF_ORDER');
    refund.given(requested(), voided()).when({ type: 'RecordValue', lines: [value], at: after(20) }).then(valued);
    refund.given(requested(), voided(), valued).when({ type: 'RecordValue', lines: [value], at: after(20) }).then();
  });
  it('to an account is done when it is booked; in part, where some units were refused', () => {
    refund.given(requested(), voided(), valued).when({ type: 'RecordBooked', at: after(30) }).then(ended('COMPLETED', 990n));
    refund.given(requested(), voided(1), valued).when({ type: 'RecordBooked', at: after(30) }).then(ended('PARTIAL', 990n));
  });
  it('to a consumer is done when the provider has paid it back', () => {
    const request = requested({ settlement: 'consumer_pay', provider: 'sandbox' });
    const begun: RefundEvent = { type: 'PaybackBegun', at: after(30) };
    const stuck: RefundEvent = { type: 'PaybackStuck', reason: 'ACCOUNT_CLOSED', at: after(40) };
    refund.given(request, voided(), valued).when({ type: 'RecordBooked', at: after(30) }).then(begun);
    refund.given(request, voided(), valued, begun).when({ type: 'RecordStuck', reason: 'ACCOUNT_CLOSED', at: after(40) }).then(stuck);
    refund.given(request, voided(), valued, begun, stuck).when({ type: 'RecordPaidBack', at: after(50) }).then(ended('COMPLETED', 990n, undefined, after(50)));
    refund.given(request, voided(), valued).when({ type: 'RecordPaidBack', at: after(50) }).rejected('STEP_OUT_OF_ORDER');
  });
  it('of money that was never earned needs no grant', () =>
    refund.given(requested({ kind: 'undelivered', settlement: 'consumer_pay', lines: [], amountMinor: 500n, provider: 'sandbox' })).when({ type: 'RecordBooked', at: after(30) }).then({ type: 'PaybackBegun', at: after(30) }));
  it('changes nothing after its end', () => refund.given(requested(), voided(), valued, ended('COMPLETED', 990n)).when({ type: 'RecordStuck', reason: 'x', at: after(90) }).then());
});

it('splits a line’s share between returned and lost units to the cent', () => {
  const line = aLine({ quantity: 3, grossMinor: 1000n });
  const share = { lineId: '1', units: 3, minor: 1000n, unitsBefore: 0, minorBefore: 0n };
  expect(splitShare(line, share, [{ batchId: 'b', from: 0, to: 2, disclosed: false, unusedMinor: 0n }], 'CNY')).toEqual({ returnedMinor: 667n, lostMinor: 333n });
});

describe('a charge-back', () => {
  const chargeback = specification(chargebackDecider);
  const notice = { orderId: 'ord_1', channelId: 'chn_pay', bookId: 'main', paymentId: 'pay_1', provider: 'sandbox', noticeId: 'evt_1', amountMinor: 990n, feeMinor: 1500n, currency: 'CNY', at: NOW };
  const raised: ChargebackEvent = { type: 'ChargebackRaised', ...notice };
  const voids: ChargebackEvent = { type: 'ChargebackUnitsVoided', voided: [], lines: [], at: after(10) };
  const decided = (outcome: 'won' | 'lost'): ChargebackEvent => ({ type: 'ChargebackDecided', outcome, noticeId: 'evt_2', at: after(20) });
  const decide = (outcome: 'won' | 'lost') => ({ type: 'DecideChargeback' as const, outcome, noticeId: 'evt_2', at: after(20) });
  it('is raised once', () => {
    chargeback.given().when({ type: 'OpenChargeback', ...notice }).then(raised);
    chargeback.given(raised).when({ type: 'OpenChargeback', ...notice, noticeId: 'evt_9' }).then();
  });
  it('is decided once, whatever comes later', () => {
    chargeback.given(raised, voids).when(decide('lost')).then(decided('lost'));
    chargeback.given(raised, voids, decided('lost')).when(decide('lost')).then();
    chargeback.given(raised, voids, decided('lost')).when(decide('won')).rejected('CHARGEBACK_DECIDED');
    chargeback.given().when(decide('won')).rejected('CHARGEBACK_UNKNOWN');
  });
  it('closes when it is voided, decided and booked', () => {
    chargeback.given(raised, decided('won')).when({ type: 'CloseChargeback', at: after(30) }).rejected('STEP_OUT_OF_ORDER');
    chargeback.given(raised, voids, decided('won')).when({ type: 'CloseChargeback', at: after(30) }).then({ type: 'ChargebackClosed', at: after(30) });
  });
});
