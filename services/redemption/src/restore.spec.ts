import { type EventStore, memoryStore, type Position, START } from '@vouchsafe/event-store';
import { type Journal, openJournal } from '@vouchsafe/journal';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { memoryDisk, silentLog, simulatedClock } from '@vouchsafe/runtime';
import { TEST_START, testPorts } from '@vouchsafe/testing';
import { BATCH, codeOf, openShop, type Shop } from './testing/shop.js';

const { redeemVoucher, reverseRedemption } = RedemptionService.method;

/** What a backup taken at `head` gives back: every event up to there, and nothing later. */
const restored = async (store: EventStore, head: Position, into: EventStore): Promise<EventStore> => {
  const { events } = await store.readAll({ after: START, max: 10_000 });
  for (const { stream, revision, id, type, data, occurredAt, correlation, causation, principal, pub, position } of events) {
    if (position > head) break;
    const event = { id, type, data, occurredAt, correlation, causation, principal, ...(pub !== undefined && { pub }) };
    await into.append({ stream, expected: revision - 1, events: [event] });
  }
  return into;
};

describe('a backup that is restored', () => {
  const clock = simulatedClock(TEST_START);
  const shopOn = (store: EventStore, journal: Journal, epoch: number): Promise<Shop> => openShop({ ports: { ...testPorts({ store }), clock }, journal, deployment: { epoch } });
  const redeem = (shop: Shop, index: number, sequence: bigint) =>
    shop.soon(shop.ports.rpc.call(redeemVoucher, { voucher: { case: 'code', value: codeOf(index) }, sequence }, shop.as()));

  it('neither redeems, discloses to another nor refunds again what was dealt with after it', async () => {
    const journal = await openJournal({ disk: memoryDisk(), namespace: 'live', deploymentId: 'dep_1', epoch: 1, clock, log: silentLog });
    const store = memoryStore(clock);
    const before = await shopOn(store, journal, 1);
    await before.activate({ ranges: [{ batchId: BATCH, from: 0, to: 6 }] });
    await redeem(before, 5, 1n);
    const head = store.head();
    await redeem(before, 0, 2n);
    const taken = await redeem(before, 1, 3n);
    await before.soon(before.ports.rpc.call(reverseRedemption, { redemptionId: taken.redemption!.redemptionId, reason: 'x' }, before.as()));
    // what inventory would have noted: unit 3 went back to stock, unit 2 was shown under another order
    const inLog = { stream: 'pool-prd_1_0', revision: 99, eventId: 'e' };
    journal.record({ type: 'Returned', reservationId: 'rsv_1', productId: 'prd_1', ranges: [{ batchId: BATCH, from: 3, to: 4 }], inLog });
    journal.record({ type: 'Disclosed', disclosureId: 'dsc_9', orderId: 'ord_9', lineId: '1', principal: 'pri_9', ranges: [{ batchId: BATCH, from: 2, to: 3 }] });
    const copy = await restored(store, head, memoryStore(clock, 2));
    await before.close();
    const after = await shopOn(copy, journal, 2);
    await expect(redeem(after, 0, 102n)).rejects.toMatchObject({ code: 'ALREADY_REDEEMED' });
    await expect(redeem(after, 0, 2n)).rejects.toMatchObject({ code: 'ALREADY_REDEEMED' });
    await expect(redeem(after, 5, 103n)).rejects.toMatchObject({ code: 'ALREADY_REDEEMED' });
    await expect(redeem(after, 3, 104n)).rejects.toMatchObject({ code: 'GRANT_HELD' });
    await expect(redeem(after, 2, 105n)).rejects.toMatchObject({ code: 'GRANT_HELD' });
    expect((await redeem(after, 1, 106n)).usesLeft).toBe(0n); // it had been taken back
    const given = await after.disclose({ unitsInLine: 6 });
    expect(given).toEqual({
      ok: true,
      result: { ranges: [{ batchId: BATCH, from: 0, to: 2 }, { batchId: BATCH, from: 4, to: 6 }], withheld: [{ batchId: BATCH, from: 2, to: 4, code: 'GRANT_HELD' }] },
    });
    const voided = await after.void({ unitsInLine: 6, units: [0, 3, 4].map((index) => ({ batchId: BATCH, index })) });
    expect(voided).toMatchObject({ ok: true, result: { accepted: [{ from: 4, to: 5 }], refused: [{ index: 0, code: 'ALREADY_REDEEMED' }, { index: 3, code: 'GRANT_HELD' }] } });
    await after.close();
  });

  it('doubts nothing where the log knows all that the journal knows', async () => {
    const journal = await openJournal({ disk: memoryDisk(), namespace: 'live', deploymentId: 'dep_1', epoch: 1, clock, log: silentLog });
    const store = memoryStore(clock);
    const before = await shopOn(store, journal, 1);
    await before.activate();
    await redeem(before, 0, 1n);
    await redeem(before, 0, 1n);
    const copy = await restored(store, store.head(), memoryStore(clock, 2));
    await before.close();
    const after = await shopOn(copy, journal, 2);
    expect((await redeem(after, 0, 1n)).redemption?.sequence).toBe(1n);
    await after.close();
  });
});
