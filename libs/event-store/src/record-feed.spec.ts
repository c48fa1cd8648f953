import { memoryDisk } from '@vouchsafe/runtime';
import type { EmbeddedStore } from './embedded/embedded-store.js';
import { type Position, START } from './port.js';
import { eventsOf } from './record-feed.js';
import { anAppend, readToEnd } from './testing/builders.js';
import { fill, openSmall } from './testing/small-store.js';

const MANY = 60;
const forever = new AbortController().signal;

const fedFrom = async (store: EmbeddedStore, from: Position, maxBytes: number) => {
  const events = [];
  for (let after = from; after < store.head(); ) {
    const page = eventsOf(await store.feed!.read(after, maxBytes, forever));
    events.push(...page);
    after = page[page.length - 1]!.position;
  }
  return events;
};
const textsOf = (events: readonly { readonly position: Position; readonly canonical: Uint8Array }[]) =>
  events.map(({ position, canonical }) => `${position} ${Buffer.from(canonical).toString('latin1')}`);

describe('the feed of records', () => {
  it.each([
    ['memory', 1 << 20],
    ['files', 1],
  ])('hands over the log as it is, from any event on, out of %s', async (_, recentBytes) => {
    const store = await openSmall(memoryDisk(), { recentBytes });
    await fill(store, MANY);
    const log = await readToEnd(store);
    const texts = textsOf(log);
    for (const skipped of [0, 1, 17, MANY - 1]) {
      const from = skipped === 0 ? START : log[skipped - 1]!.position;
      for (const maxBytes of [1, 700, 1 << 20]) expect(textsOf(await fedFrom(store, from, maxBytes))).toEqual(texts.slice(skipped));
    }
    await store.close();
  });

  it('waits for the next event and for nothing once it is told to stop', async () => {
    const store = await openSmall(memoryDisk());
    await fill(store, 3);
    const next = store.feed!.read(store.head(), 1000, forever);
    await store.append(anAppend('order-new', -1, 'new'));
    expect(eventsOf(await next).map(({ stream }) => stream)).toEqual(['order-new']);
    const stop = new AbortController();
    const none = store.feed!.read(store.head(), 1000, stop.signal);
    stop.abort();
    expect(eventsOf(await none)).toEqual([]);
    await store.close();
  });

  it('refuses a position beyond the log, and ends with it', async () => {
    const store = await openSmall(memoryDisk());
    await fill(store, 3);
    await expect(store.feed!.read((store.head() + 1) as Position, 1000, forever)).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
    const waiting = expect(store.feed!.read(store.head(), 1000, forever)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await store.close();
    await waiting;
  });
});
