import { Fault, instant } from '@vouchsafe/kernel';
import { silentLog, seededRandom, simulatedClock } from '@vouchsafe/runtime';
import { memoryStore } from '@vouchsafe/event-store';
import { verdictCodec } from '../adapters/codecs.js';
import { Assessor } from './assessor.js';
import { ListMemory } from './list-memory.js';
import { streamOfVerdict, verdictIdOf, verdictStream } from './names.js';
import type { Program } from './rule-program.js';
import { RiskWindows } from './windows/risk-windows.js';

const at = instant(Date.UTC(2026, 2, 2));
const everythingIsReviewed: Program = { version: 'x@1', rules: [], judge: () => ({ verdict: 'review', reasons: ['r'], shadow: [], features: {}, failed: [] }) };
const ask = {
  orderId: 'ord_1', fingerprint: 'fingerprint', channelId: 'chn_a', lines: [], total: { minor: 1n, currency: 'CNY' }, parties: { buyer: 'tok_b' }, at, ip: '', emailDomain: '',
  challengeProof: '', principal: 'pri_a', correlation: 'ord_1',
};

it('opens a review it could not open before, when the order asks again', async () => {
  const clock = simulatedClock(at);
  const opened: string[] = [];
  let failing = true;
  const windows = new RiskWindows({ keysPerTable: 1_000, momentsPerTable: 10_000 });
  const assessor = new Assessor({
    store: memoryStore(clock), clock, random: seededRandom(1), log: silentLog, codec: verdictCodec, windows, lists: new ListMemory(), program: () => everythingIsReviewed,
    reviewTimeoutMs: 60_000, challengeValidMs: 60_000,
    openReview: async ({ verdictId }) => {
      if (failing) throw new Fault('STORE_UNAVAILABLE', 'the store is away');
      opened.push(verdictId);
    },
  });
  await expect(assessor.assess(ask)).rejects.toThrow('the store is away');
  failing = false;
  const given = await assessor.assess(ask);
  expect([given.verdict.verdict, given.verdict.reviewUntil, opened]).toEqual(['review', at + 60_000, [given.verdictId]]);
  await Promise.all([assessor.assess(ask), assessor.assess(ask)]);
  const { buyer } = windows.tables;
  expect(buyer.keys.size).toBe(1);
  expect(buyer.count(0, 'orders', at, 60_000)).toBe(1); // asked four times, counted once
});

it('finds a verdict’s stream from its id alone, whatever the fingerprint is made of', () => {
  for (const fingerprint of ['abcdefgh', 'A_b-c_D-e_F-0123456789', 'f'.repeat(64)]) {
    expect(streamOfVerdict(verdictIdOf('ord_6f1e-4c', fingerprint))).toBe(verdictStream('ord_6f1e-4c', fingerprint));
  }
  for (const none of ['', 'vdt_', 'vdt_x', 'ord_1', 'vdt_a/b.c', 'vdt_x.y_z']) expect(streamOfVerdict(none)).toBeUndefined();
});
