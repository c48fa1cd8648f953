import { DeciderHost, type EventStore } from '@vouchsafe/event-store';
import { type Instant, money, plusMs, Secret } from '@vouchsafe/kernel';
import { seededRandom, type SimulatedClock } from '@vouchsafe/runtime';
import { guardCodec, topUpCodec } from '../adapters/codecs.js';
import type { Providers } from '../application/ports.js';
import { deliveryStream, topUpStart } from '../application/start-top-up.js';
import { topUpDriver } from '../application/top-up-driver.js';
import { topUpDecider } from '../domain/top-up.js';
import { guardDecider } from '../domain/top-up-guard.js';
import type { TopUpEvent, TopUpTerms } from '../domain/top-up-messages.js';

const HOUR_MS = 3_600_000;
export const termsOf = (at: Instant, over: Partial<TopUpTerms> = {}): TopUpTerms => ({
  deliveryId: 'dlv_1.1', orderId: 'ord_1', lineId: '1', channelId: 'chn_1', productId: 'prd_1', supplierId: 'sup_1', providers: ['a'],
  accountRef: 'sub_1', accountToken: 'tok_1', quantity: 4, face: money(1_000n, 'CNY'), guardMs: HOUR_MS, allowRepeat: false, giveUpAt: plusMs(at, 72 * HOUR_MS), ...over,
});
/** Hosts, start and driver of one process between a store and providers; a second one on the same store is a restart. */
export const openCounter = (options: { readonly store: EventStore; readonly clock: SimulatedClock; readonly providers: Providers; readonly account: string }) => {
  const { store, clock, providers, account } = options;
  const random = seededRandom(7);
  const abort = new AbortController();
  const topUps = new DeciderHost({ store, clock, random, decider: topUpDecider, codec: topUpCodec });
  const guards = new DeciderHost({ store, clock, random, decider: guardDecider, codec: guardCodec });
  const accounts = { reveal: async () => new Secret(account) };
  const driver = topUpDriver({ topUps, guards, providers, accounts, store, clock, signal: abort.signal, silenceMs: 75_000 });
  const start = topUpStart({ topUps, guards, providers, clock });
  const command = (over: Partial<TopUpTerms> = {}) => {
    const { providers: [provider], ...terms } = termsOf(clock.now(), over);
    return { ...terms, provider: provider! };
  };
  const stream = deliveryStream('ord_1', '1');
  return {
    abort, topUps, guards, driver, stream,
    start: (over: Partial<TopUpTerms> = {}) => start(command(over), { commandId: `start/${over.deliveryId ?? ''}`, correlation: 'ord_1', principal: 'pri_1', at: clock.now() }),
    /** Drives and lets time pass to the next deadline until the top-up ended or `rounds` are over. */
    run: async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await driver.drive(stream);
        const { state } = await topUps.load(stream);
        if (!state || state.end) return;
        await clock.advance(Math.max(0, state.dueAt - clock.now()));
      }
    },
    state: async () => (await topUps.load(stream)).state,
    events: async (): Promise<readonly TopUpEvent[]> =>
      (await store.readStream(stream, { max: 500 })).map(({ type, data }) => topUpCodec.decode(type, data)!),
  };
};
export type Counter = ReturnType<typeof openCounter>;
