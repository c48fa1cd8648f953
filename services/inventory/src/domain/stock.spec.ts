import { specification } from '@vouchsafe/testing';
import { stock as decider } from './stock.js';
import { BATCH, claim, commit, committed, later, PRODUCT, received, release, reserve, reserved, T0, terms, units } from './stock.samples.js';

const stock = specification(decider);
const exhausted = { type: 'StockExhausted', productId: PRODUCT, free: 0 } as const;

describe('reserving', () => {
  it('takes the units that expire first', () =>
    stock
      .given(received(10, { segments: [units(0, 5), units(5, 10, { validUntil: later(1e9) })] }))
      .when(reserve(1, 6))
      .then(reserved(1, [units(5, 10, { validUntil: later(1e9) }), units(0, 1)])));
  it('leaves out what would end too early', () =>
    stock
      .given(received(10, { segments: [units(0, 5), units(5, 10, { validUntil: later(1e9) })] }))
      .when(reserve(1, 6, { minValidUntil: later(2e9) }))
      .rejected('OUT_OF_STOCK', { free: '10' }));
  it('refuses more than what is left', () => stock.given(received(3)).when(reserve(1, 4)).rejected('OUT_OF_STOCK', { free: '3' }));
  it('says so when the last unit goes', () => stock.given(received(3)).when(reserve(1, 3)).then(reserved(1, [units(0, 3)]), exhausted));
  it('warns once when stock runs low', () =>
    stock.given(received(10, { lowStockAt: 8 })).when(reserve(1, 2)).then(reserved(1, [units(0, 2)]), { type: 'StockLow', productId: PRODUCT, free: 8 }));
  it('answers a retry without reserving twice', () => stock.given(received(3), reserved(1, [units(0, 2)])).when(reserve(1, 2)).then());
  it('answers a retry that comes after its deadline, since the effect exists', () =>
    stock.given(received(3), reserved(1, [units(0, 2)])).when(reserve(1, 2, { at: later(120_000) })).then());
  it('refuses a first ask after its deadline', () => stock.given(received(3)).when(reserve(1, 2, { at: later(60_001) })).rejected('TOO_LATE'));
  it('refuses an id that stands for something else', () =>
    stock.given(received(3), reserved(1, [units(0, 2)])).when(reserve(1, 1)).rejected('RESERVATION_ID_REUSED'));
  it('counts a listing against its quota', () =>
    stock.given(received(9), reserved(1, [units(0, 2)])).when(reserve(2, 2, { quota: 3 })).rejected('QUOTA_SPENT'));
  it('gives the quota back with the reservation', () => {
    const past = [received(9), reserved(1, [units(0, 2)])];
    const state = stock.run(past, [release(1)]);
    expect(decider.decide(reserve(2, 3, { quota: 3 }), state)).toMatchObject({ ok: true });
  });
  it('takes back what lapsed before it says out of stock', () =>
    stock
      .given(received(2), reserved(1, [units(0, 2)]), exhausted)
      .when(reserve(2, 2, { at: later(900_001), notAfter: later(999_999) }))
      .then(
        { type: 'ReservationsExpired', expired: [{ claim: claim(1), quantity: 2 }], quantity: 2, at: later(900_001) },
        reserved(2, [units(0, 2)], { at: later(900_001), notAfter: later(999_999) }),
        exhausted,
      ));
  it('refuses while the pool is held after a restore', () =>
    stock.given(received(3), { type: 'PoolHeld', epoch: 2, at: T0 }).when(reserve(1, 1)).rejected('POOL_HELD'));
});

describe('committing and releasing', () => {
  const past = [received(5), reserved(1, [units(0, 2)])];
  it('makes the units the order’s', () => stock.given(...past).when(commit(1)).then(committed(1, [units(0, 2)])));
  it('answers a repeated commit with the same units', () => stock.given(...past, committed(1, [units(0, 2)])).when(commit(1)).then());
  it('lets the time-out win where it comes first, and records it', () =>
    stock.given(...past).when(commit(1, later(900_001))).then({
      type: 'ReservationsExpired', expired: [{ claim: claim(1), quantity: 2 }], quantity: 2, at: later(900_001),
    }));
  it('refuses to commit what was released', () => {
    expect(decider.decide(commit(1), stock.run(past, [release(1)]))).toMatchObject({ ok: false, code: 'RESERVATION_RELEASED' });
  });
  it('remembers the release of a reservation it never saw, so that the late reserve fails', () => {
    const state = stock.run([received(5)], [release(7)]);
    expect(decider.decide(reserve(7, 1), state)).toMatchObject({ ok: false, code: 'RESERVATION_ID_REUSED' });
  });
  it('hands a committed reservation back before the pivot', () =>
    stock.given(...past, committed(1, [units(0, 2)])).when(release(1)).then({
      type: 'ReservationReleased', claim: claim(1), quantity: 2, ranges: [units(0, 2)], was: 'committed', reason: 'CANCELLED', notAfter: later(60_000), at: T0,
    }));
  it('does not revive what lapsed when the clock jumps back', () => {
    const state = stock.run([...past, { type: 'ReservationsExpired', expired: [{ claim: claim(1), quantity: 2 }], quantity: 2, at: later(900_001) }], []);
    expect(decider.decide(reserve(2, 1, { at: T0 }), state)).toMatchObject({ ok: false, code: 'TOO_LATE' });
  });
});

describe('returning refunded units', () => {
  const past = [received(5), reserved(1, [units(0, 3)]), committed(1, [units(0, 3)])];
  const giveBack = (ranges = [units(1, 2)], more = {}) => ({ type: 'ReturnUnits', refundId: 'rfd_1', reservationId: 'rsv_1', ranges, at: T0, ...more }) as const;
  const returnedEvent = { type: 'UnitsReturned', refundId: 'rfd_1', claim: claim(1), quantity: 1, ranges: [units(1, 2)], at: T0 } as const;
  it('puts them back on sale', () => stock.given(...past).when(giveBack()).then(returnedEvent));
  it('once, however often it is asked', () => stock.given(...past, returnedEvent).when(giveBack()).then());
  it('not what came back before', () =>
    stock.given(...past, returnedEvent).when(giveBack([units(0, 2)], { refundId: 'rfd_2' })).rejected('UNITS_NOT_OUT'));
  it('not the same unit named twice', () => stock.given(...past).when(giveBack([units(0, 2), units(1, 2)])).rejected('UNITS_NOT_OUT'));
  it('asks for the past of a reservation it has forgotten, and refuses a stale one', () => {
    const known = { claim: claim(9), out: [units(3, 5)], asOf: 0 };
    const ask = giveBack([units(3, 4)], { reservationId: 'rsv_9', refundId: 'rfd_9' });
    stock.given(...past).when(ask).rejected('RESERVATION_UNKNOWN');
    stock.given(...past, returnedEvent).when({ ...ask, known }).rejected('HISTORY_STALE');
  });
  it('of a recalled batch leave stock at once', () =>
    stock.given(...past, { type: 'BatchRecalled', batchId: BATCH, reason: 'bad', at: T0 }).when(giveBack()).then(returnedEvent, {
      type: 'UnitsLost', factId: `lost_${BATCH}_0`, batchId: BATCH, productId: PRODUCT, terms, quantity: 1, cost: { minor: 334n, currency: 'CNY' },
      inputTax: { minor: 44n, currency: 'CNY' }, reason: 'recalled', ranges: [units(1, 2)], at: T0,
    }));
});

describe('losing stock', () => {
  it('recalls what is free and frees what is reserved, each unit at its cost to the cent', () => {
    const state = stock.run([received(5), reserved(1, [units(0, 3)])], [{ type: 'RecallBatch', batchId: BATCH, reason: 'bad', at: T0 }]);
    expect({ free: state.shelf.free, reserved: state.reserved, lost: state.lost }).toEqual({ free: 0, reserved: 0, lost: 5 });
    expect(decider.decide(commit(1), state)).toMatchObject({ ok: false, code: 'RESERVATION_RELEASED' });
  });
  it('writes expired units off and never sells them', () => {
    const past = received(5, { segments: [units(0, 5, { validUntil: later(10) })] });
    stock.given(past).when(reserve(1, 1, { at: later(10) })).rejected('OUT_OF_STOCK');
    expect(stock.run([past], [{ type: 'ExpireStock', at: later(10) }]).lost).toBe(5);
  });
  it('releases a held pool against the journal: what was sold after the backup is written off', () => {
    const state = stock.run([received(5), { type: 'PoolHeld', epoch: 2, at: T0 }], [
      { type: 'ReleasePoolHold', epoch: 2, writeOff: [units(0, 2)], at: T0 },
      { type: 'HoldPool', epoch: 2, at: T0 },
    ]);
    expect({ free: state.shelf.free, lost: state.lost, held: state.heldEpoch }).toEqual({ free: 3, lost: 2, held: undefined });
  });
});
