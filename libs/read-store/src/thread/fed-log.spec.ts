import { type EventStore, NO_STREAM, openEmbeddedStore, type Position, type RecordFeed, START } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { eventIdOf, memoryDisk, nextTurn, silentLog, systemClock } from '@vouchsafe/runtime';
import { FedLog } from './fed-log.js';

const AT = instant(1_760_000_000_000);
const EVENTS = 6_000;

describe('the log as the views\' thread is fed with it', () => {
  let store: EventStore;
  const abort = new AbortController();
  beforeAll(async () => {
    store = await openEmbeddedStore({ disk: memoryDisk(), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } });
    for (let n = 0; n < EVENTS; n += 500) await append(store, n, 500);
    await store.durable(store.head());
  }, 60_000);
  afterAll(async () => {
    abort.abort();
    await store.close();
  });

  const append = async (to: EventStore, from: number, count: number): Promise<void> => {
    await to.append({ stream: `till-${from}`, expected: NO_STREAM, events: Array.from({ length: count }, (_, i) => ({
      id: eventIdOf(`c-${from}-${i}`, 0), type: 'till.Added.v1', data: { note: 'x'.repeat(600) }, occurredAt: AT, correlation: 'c', causation: 'c', principal: 'pri_x',
    })) });
  };
  const fed = (read: RecordFeed['read']): FedLog => new FedLog({ read: (after, max) => read(after, max, abort.signal), clock: systemClock(), log: silentLog }, store.head());
  /** Follows until it has seen all of it; rests after each page where it is slow. */
  const follow = async (log: FedLog, rests = 0): Promise<readonly Position[]> => {
    const signal = new AbortController();
    const seen: Position[] = [];
    for await (const { events } of log.subscribe({ after: START, categories: ['till'], signal: signal.signal })) {
      for (const { position } of events) seen.push(position);
      if (seen.length >= EVENTS) return seen;
      for (let i = 0; i < rests; i++) await nextTurn();
    }
    return seen;
  };

  it('asks for each event once, however many follow and however slow one of them is', async () => {
    let bytes = 0;
    const log = fed(async (after, max, signal) => {
      const page = await store.feed!.read(after, max, signal);
      bytes += page.records.length;
      return page;
    });
    const [fast, slow] = await Promise.all([follow(log), follow(log, 50)]);
    log.stop();
    expect(fast).toEqual(slow);
    expect(new Set(fast).size).toBe(EVENTS);
    const { records } = await store.feed!.read(START, Number.MAX_SAFE_INTEGER, abort.signal);
    expect(bytes).toBe(records.length);
  }, 60_000);

  it('does not wait for ever for one that stands still', async () => {
    const log = fed((after, max, signal) => store.feed!.read(after, max, signal));
    const still = log.subscribe({ after: START, categories: ['till'], signal: abort.signal })[Symbol.asyncIterator]();
    await still.next();
    expect((await follow(log)).length).toBe(EVENTS);
    log.stop();
  }, 60_000);

  it('lets who is further than the others have what lies there', async () => {
    const log = fed((after, max, signal) => store.feed!.read(after, max, signal));
    const all = await store.readAll({ after: START, max: EVENTS });
    const last = all.events[EVENTS - 3]!.position;
    const behind = log.subscribe({ after: START, categories: ['none'], signal: abort.signal })[Symbol.asyncIterator]().next();
    const page = await log.subscribe({ after: last, categories: ['till'], signal: abort.signal })[Symbol.asyncIterator]().next();
    expect((page.value as { events: readonly unknown[] }).events.length).toBe(2);
    log.stop();
    void behind.catch(() => undefined);
  }, 60_000);
});
