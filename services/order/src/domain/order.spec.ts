import { money, shareOf } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import fc from 'fast-check';
import {
  after, aLine, aRange, answers, aTopUpLine, cancelled, committedLines, completed, confirmed, inReview, no, NOW, paidByConsumer, placed, rejected, someTerms, topUpSettled,
} from '../testing/builders.js';
import { commandsFor } from './course.js';
import { orderDecider } from './order.js';
import type { OrderEvent } from './order-events.js';
import { isLive, type Order } from './order-state.js';
import type { Answers } from './terms.js';

const order = specification(orderDecider);
const proceed = (given: Answers, ms = 50) => ({ type: 'Proceed' as const, answers: given, at: after(ms) });
const keys = (state: Order, given: Answers, ms = 50): readonly string[] => (isLive(state) ? commandsFor(state, given, after(ms)).map(({ key }) => key) : []);
const committed = { commit1: { ok: true as const, ranges: [aRange()] } };

describe('placing', () => {
  const place = (fingerprint: string) => ({ type: 'PlaceOrder' as const, terms: someTerms({ fingerprint }) });
  it('records what was agreed', () => order.given().when(place('f1')).then(placed()));
  it('takes a repeat of the same body for the same order', () => order.given(placed()).when(place('f1')).then());
  it('refuses another body under the number', () => order.given(placed()).when(place('f2')).rejected('ORDER_NUMBER_REUSED'));
  it('refuses it also where the first was refused', () => {
    const refusal: OrderEvent = {
      type: 'OrderRefused', number: 'N-1', channelId: 'chn_shop', principal: 'pri_shop', fingerprint: 'f1', reason: 'RISK_DENIED', details: {}, totalMinor: 990n, currency: 'CNY',
      placedAt: NOW, lines: [{ lineId: '1', productId: 'prd_code', ordered: 1, delivered: 0, failed: 1 }],
    };
    order.given(refusal).when(place('f1')).then();
    order.given(refusal).when(place('f2')).rejected('ORDER_NUMBER_REUSED');
    order.given(refusal).when({ type: 'CancelOrder', by: 'x', at: NOW }).rejected('ORDER_NOT_CANCELLABLE');
  });
});

describe('the way to the pivot', () => {
  it('asks for stock and money at the same time', () => expect(keys(order.given(placed()).state(), answers({}))).toEqual(['reserve1', 'hold']));
  it('commits once both stand', () => expect(keys(order.given(placed()).state(), answers({ reserve1: 'yes', hold: 'yes' }))).toEqual(['commit1']));
  it('is confirmed when every pool has committed', () =>
    order.given(placed()).when(proceed(answers({ reserve1: 'yes', hold: 'yes', ...committed }))).then({ type: 'OrderConfirmed', lines: [{ lineId: '1', ranges: [aRange()] }], at: after(50) }));
  it('needs no stock for a top-up', () => {
    const terms = someTerms({ lines: [aTopUpLine()] });
    order.given(placed(terms)).when(proceed(answers({ hold: 'yes' }))).then({ type: 'OrderConfirmed', lines: [], at: after(50) });
  });
  it('ends by the first refusal, in its words', () =>
    order.given(placed()).when(proceed(answers({ reserve1: no('OUT_OF_STOCK', { free: '0' }), hold: 'yes' }))).then(rejected('OUT_OF_STOCK', undefined, undefined, { free: '0', line: '1' })));
  it('waits for silence until its deadline and not longer', () => {
    order.given(placed()).when(proceed(answers({ hold: 'yes' }), 10_000)).then();
    order.given(placed()).when(proceed(answers({ hold: 'yes' }), 10_001)).then(rejected('STOCK_SILENT', undefined, after(10_001)));
    order.given(placed()).when(proceed(answers({ reserve1: 'yes' }), 10_001)).then(rejected('FUNDS_SILENT', undefined, after(10_001)));
  });
  it('gives a commit time until the stock lapses', () => {
    const stands = answers({ reserve1: 'yes', hold: 'yes' });
    order.given(placed()).when(proceed(stands, 900_000)).then();
    order.given(placed()).when(proceed(stands, 900_001)).then(rejected('STOCK_SILENT', undefined, after(900_001)));
  });
  it('hands back whatever may stand, except what was refused', () => {
    const state = order.given(placed(), rejected('OUT_OF_STOCK')).state();
    expect(keys(state, answers({ reserve1: no('OUT_OF_STOCK'), hold: 'yes' }))).toEqual(['releaseHold']);
    expect(keys(state, answers({}))).toEqual(['release1', 'releaseHold']);
    order.given(placed(), rejected('OUT_OF_STOCK')).when(proceed(answers({ release1: 'yes' }))).then();
    order.given(placed(), rejected('OUT_OF_STOCK')).when(proceed(answers({ release1: 'yes', releaseHold: 'yes' }))).then({ type: 'OrderUndone', at: after(50) });
  });
});

describe('a review', () => {
  const stands = answers({ reserve1: 'yes', hold: 'yes' });
  const begun: OrderEvent = { type: 'ReviewBegun', until: after(300_000), at: after(50) };
  const resolved = (decision: 'allow' | 'deny'): OrderEvent => ({ type: 'ReviewResolved', decision, by: 'pri_ann', at: after(60) });
  const resolve = (decision: 'allow' | 'deny') => ({ type: 'ResolveReview' as const, decision, by: 'pri_ann', at: after(60) });
  it('begins when stock and money stand', () => order.given(placed(inReview())).when(proceed(stands)).then(begun));
  it('is decided by a person', () => order.given(placed(inReview()), begun).when(resolve('allow')).then(resolved('allow')));
  it('allowed, goes on to the commit', () => expect(keys(order.given(placed(inReview()), begun, resolved('allow')).state(), answers({}))).toEqual(['commit1']));
  it('denied, ends the order', () => order.given(placed(inReview()), begun, resolved('deny')).when(proceed(stands)).then(rejected('REVIEW_DENIED', inReview())));
  it('is denied by its timeout', () => order.given(placed(inReview()), begun).when(proceed(stands, 300_001)).then(rejected('REVIEW_TIMED_OUT', inReview(), after(300_001))));
  it('is not there for an order that needs none, nor twice', () => {
    order.given(placed()).when(resolve('deny')).rejected('REVIEW_NOT_OPEN');
    order.given(placed(inReview()), begun, resolved('allow')).when(resolve('deny')).rejected('REVIEW_NOT_OPEN');
  });
});

describe('a consumer’s payment', () => {
  const terms = paidByConsumer();
  const awaited: OrderEvent = { type: 'PaymentAwaited', at: after(50) };
  const received: OrderEvent = { type: 'PaymentReceived', at: after(70) };
  const receive = { type: 'ReceivePayment' as const, reviveAnswerBy: after(710_000), reviveHeldUntil: after(900_000), at: after(70) };
  it('is asked for when the stock stands', () => order.given(placed(terms)).when(proceed(answers({ reserve1: 'yes' }))).then(awaited));
  it('is not asked for what costs nothing', () => {
    const free = paidByConsumer({ lines: [aLine({ grossMinor: 0n, unitMicros: 0n })] });
    expect(keys(order.given(placed(free)).state(), answers({ reserve1: 'yes' }))).toEqual(['commit1']);
  });
  it('lets the order commit', () => expect(keys(order.given(placed(terms), awaited, received).state(), answers({}))).toEqual(['commit1']));
  it('is looked for at the provider when it is overdue', () => {
    const state = order.given(placed(terms), awaited).state();
    expect(keys(state, answers({ requestPayment: 'yes' }), 600_000)).toEqual([]);
    expect(keys(state, answers({ requestPayment: 'yes' }), 600_001)).toEqual(['closePayment']);
  });
  it('times out only when the provider says that nothing came', () => {
    order.given(placed(terms), awaited).when(proceed(answers({ closePayment: { ok: true, paid: true } }), 600_002)).then();
    order.given(placed(terms), awaited).when(proceed(answers({ closePayment: { ok: true, paid: false } }), 600_002)).then(cancelled('PAYMENT_TIMED_OUT', terms, after(600_002)));
  });
  it('counts once', () => order.given(placed(terms), awaited, received).when(receive).then());
  it('is not wanted after the end', () => {
    const ended = [placed(terms), awaited, cancelled('PAYMENT_TIMED_OUT', terms), { type: 'OrderUndone' as const, at: after(90) }];
    order.given(...ended).when(receive).rejected('PAYMENT_NOT_WANTED');
  });
  it('goes back whole when stock was lost meanwhile', () => {
    const state = order.given(placed(terms), awaited, received, rejected('RESERVATION_LAPSED', terms)).state();
    expect(keys(state, answers({ release1: 'yes' }))).toEqual(['refund']);
  });

  describe('that came late', () => {
    const late = paidByConsumer({ payment: { provider: 'sandbox', payBy: after(600_000), fulfilLate: true } });
    const timedOut = [placed(late), awaited, cancelled('PAYMENT_TIMED_OUT', late)];
    const undone: OrderEvent = { type: 'OrderUndone', at: after(90) };
    const revival: OrderEvent = { type: 'RevivalBegun', answerBy: after(710_000), heldUntil: after(900_000), at: after(70) };
    it('has to wait until the first reservation is back', () => order.given(...timedOut).when(receive).rejected('UNDO_PENDING'));
    it('revives the order where the channel wants that', () => order.given(...timedOut, undone).when(receive).then(revival));
    it('reserves under another name', () => expect(keys(order.given(...timedOut, undone, revival).state(), answers({ reserve1: no('OUT_OF_STOCK') }))).toEqual(['reserveAgain1']));
    it('revives when committed', () =>
      order.given(...timedOut, undone, revival).when(proceed(answers({ reserveAgain1: 'yes', commitAgain1: { ok: true, ranges: [aRange()] } }))).then({
        type: 'OrderRevived', lines: [{ lineId: '1', ranges: [aRange()] }], at: after(50),
      }));
    it('revives no order that was cancelled for another reason', () =>
      order.given(placed(late), awaited, cancelled('CANCELLED_BY_CHANNEL', late), undone).when(receive).rejected('PAYMENT_NOT_WANTED'));
    it('goes back where nothing is left', () => {
      const failed = order.given(...timedOut, undone, revival).when(proceed(answers({ reserveAgain1: no('OUT_OF_STOCK') })));
      failed.then({ type: 'RevivalFailed', reason: 'OUT_OF_STOCK', at: after(50) });
      const state = order.given(...timedOut, undone, revival, { type: 'RevivalFailed', reason: 'OUT_OF_STOCK', at: after(80) }).state();
      expect(keys(state, answers({ reserveAgain1: no('OUT_OF_STOCK') }))).toEqual(['refund']);
    });
  });
});

describe('past the pivot', () => {
  const past = [placed(), confirmed()];
  it('activates, then captures, then is complete', () => {
    const state = order.given(...past).state();
    expect(keys(state, answers({}))).toEqual(['activate1']);
    expect(keys(state, answers({ activate1: 'yes' }))).toEqual(['capture1']);
    order.given(...past).when(proceed(answers({ activate1: 'yes', capture1: 'yes' }), 100)).then(completed());
  });
  it('is never given up, however late it is', () => order.given(...past).when(proceed(answers({}), 9e9)).then());
  it('cannot be cancelled, nor ended by a lapsing hold', () => {
    order.given(...past).when({ type: 'CancelOrder', by: 'pri_shop', at: NOW }).rejected('ORDER_NOT_CANCELLABLE');
    order.given(...past).when({ type: 'EndUnlessConfirmed', reason: 'HOLD_EXPIRED', at: NOW }).then();
    order.given(placed()).when({ type: 'EndUnlessConfirmed', reason: 'HOLD_EXPIRED', at: after(50) }).then(rejected('HOLD_EXPIRED'));
  });

  const terms = someTerms({ lines: [aLine({ quantity: 2, grossMinor: 1980n }), aTopUpLine()] });
  const mixed = [placed(terms), confirmed(terms)];
  it('delivers codes beside a top-up that goes on', () => {
    order.given(...mixed).when(proceed(answers({ activate1: { ok: true, at: after(60) }, topUp2: 'yes' }))).then({ type: 'LineDelivered', lineId: '1', at: after(60) });
  });
  it('gives the rest of the hold back after the last capture', () => {
    const state = order.given(...mixed, topUpSettled({ delivered: 3, reason: 'PARTLY' })).state();
    expect(keys(state, answers({ activate1: 'yes', capture1: 'yes' }))).toEqual(['capture2']);
    expect(keys(state, answers({ activate1: 'yes', capture1: 'yes', capture2: 'yes' }))).toEqual(['releaseHold']);
  });
  it('hears of a top-up’s end once', () => {
    const { type: _, ...end } = topUpSettled() as Extract<OrderEvent, { type: 'TopUpSettled' }>;
    order.given(...mixed).when({ type: 'SettleTopUp', ...end }).then(topUpSettled());
    order.given(...mixed, topUpSettled()).when({ type: 'SettleTopUp', ...end, delivered: 0 }).then();
    order.given(...mixed).when({ type: 'SettleTopUp', ...end, lineId: '9' }).rejected('LINE_UNKNOWN');
  });
  it('as a whole, hands stock back when the top-up fails and ends undelivered', () => {
    const whole = someTerms({ ...terms, whole: true });
    const failed = [placed(whole), confirmed(whole), topUpSettled({ delivered: 0, reason: 'NO_SUCH_NUMBER', costMinor: 0n })];
    expect(keys(order.given(placed(whole), confirmed(whole)).state(), answers({ topUp2: 'yes' }))).toEqual([]);
    expect(keys(order.given(...failed).state(), answers({}))).toEqual(['release1']);
    expect(keys(order.given(...failed).state(), answers({ release1: 'yes' }))).toEqual(['releaseHold']);
    order.given(...failed).when(proceed(answers({ release1: 'yes', releaseHold: 'yes' }), 100)).then(cancelled('NO_SUCH_NUMBER', whole, after(100)));
  });
});

describe('taking back', () => {
  const third = someTerms({ lines: [aLine({ quantity: 3, grossMinor: 1000n })] });
  const sold = [placed(third), confirmed(third), completed(third)];
  const take = (refundId: string, units: number, unusedMinor?: bigint) =>
    ({ type: 'AllocateRefund' as const, refundId, cause: 'refund' as const, asks: [{ lineId: '1', units, ...(unusedMinor !== undefined && { unusedMinor }) }], at: after(200) });
  it('values units by cumulative allocation of their line', () =>
    order.given(...sold).when(take('r1', 1)).then({ type: 'RefundAllocated', refundId: 'r1', cause: 'refund', shares: [{ lineId: '1', units: 1, minor: 333n, unitsBefore: 0, minorBefore: 0n }], at: after(200) }));
  it('is done once per refund', () => {
    const first: OrderEvent = { type: 'RefundAllocated', refundId: 'r1', cause: 'refund', shares: [{ lineId: '1', units: 1, minor: 333n, unitsBefore: 0, minorBefore: 0n }], at: after(200) };
    order.given(...sold, first).when(take('r1', 2)).then();
    order.given(...sold, first).when(take('r2', 3)).rejected('REFUND_EXCEEDS_LINE');
  });
  it('never takes more than the line, nor before its end', () => {
    order.given(...sold).when(take('r1', 4)).rejected('REFUND_EXCEEDS_LINE');
    order.given(...sold).when(take('r1', 1, 1001n)).rejected('REFUND_EXCEEDS_LINE');
    order.given(placed(third), confirmed(third)).when(take('r1', 1)).rejected('LINE_UNKNOWN');
  });

  it('adds up to the line and never beyond it, in whatever parts and order', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.bigInt({ min: 0n, max: 100_000n }), fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), (quantity, grossMinor, parts) => {
      const terms = someTerms({ lines: [aLine({ quantity, grossMinor })] });
      const state = order.run([placed(terms), confirmed(terms), completed(terms)], parts.map((units, i) => take(`r${i}`, units)));
      const line = state.step === 'ended' ? state.lines.get('1')! : undefined;
      const { refunded, takenBackMinor } = line!;
      expect(refunded).toBeLessThanOrEqual(quantity);
      expect(takenBackMinor).toBe(shareOf(money(grossMinor, 'CNY'), 0, refunded, quantity).minor);
    }));
  });
});

it('never leaves an ended order owing a command, whatever was answered', () => {
  const answered = fc.record({ reserve1: fc.constantFrom('yes' as const, no('OUT_OF_STOCK'), undefined), hold: fc.constantFrom('yes' as const, no('BALANCE_SHORT'), undefined), late: fc.boolean() });
  fc.assert(fc.property(answered, ({ reserve1, hold, late }) => {
    const given = answers(Object.fromEntries(Object.entries({ reserve1, hold }).filter(([, answer]) => answer !== undefined)) as Record<string, 'yes'>);
    const state = order.run([placed()], [proceed(given, late ? 20_000 : 50)]);
    if (state.step !== 'ended') return;
    const open = keys(state, given);
    expect(open.includes('releaseHold')).toBe(hold !== undefined ? hold === 'yes' : true);
    expect(open.includes('release1')).toBe(reserve1 === undefined || reserve1 === 'yes');
  }));
});
it('keeps committed units with what they cost', () => {
  const state = order.given(placed(), confirmed()).state();
  expect(state.step === 'confirmed' && [...state.committed]).toEqual(committedLines(someTerms().lines).map(({ lineId, ranges }) => [lineId, ranges]));
});
