import { canonicalBytes, type EventStore, leafHash, NO_STREAM, START } from '@vouchsafe/event-store';
import { EPOCHS, type EsdbOptions, openEsdbStore } from '@vouchsafe/event-store-esdb';
import { anAppend, anEvent, follow, readToEnd } from '@vouchsafe/event-store/testing';
import { memoryDisk, silentLog, systemClock } from '@vouchsafe/runtime';
import { CuttingProxy } from './testing/cutting-proxy.js';
import { type House, openHouse } from './testing/stores.js';

describe('the EventStoreDB adapter, beyond the contract', () => {
  let house: House;
  const stores: EventStore[] = [];
  const open = async (options: Partial<EsdbOptions> = {}): Promise<EventStore> => {
    const store = await openEsdbStore({ connectionString: house.url, clock: systemClock(), log: silentLog, backoffMs: 5, backoffMaxMs: 100, ...options });
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    house = await openHouse();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await house.close();
  });

  describe('among several writers', () => {
    it('gives each start an epoch of its own claim, which nobody sees among the events', async () => {
      const opened = await Promise.all(Array.from({ length: 6 }, () => open()));
      expect(await house.store.revisionOf(EPOCHS)).toBe(5);
      expect(await opened[0]!.readAll({ after: START, max: 10 })).toMatchObject({ events: [], atEnd: true });
      await house.store.append(anAppend('order-1', NO_STREAM, 'a'));
      expect((await follow(opened[1]!, 1)).map(({ stream }) => stream)).toEqual(['order-1']);
    });

    it('tells the second of two who append the same ids that it is a repeat, if what is recorded says something else', async () => {
      const [one, two] = [await open(), await open()];
      const said = (data: object) => ({ stream: 'order-1', expected: NO_STREAM, events: [anEvent('same', { data: { ...data } })] });
      // Neither has heard of the other: only what is recorded tells.
      expect(await one.append(said({ by: 'one' }))).toMatchObject({ ok: true, repeated: false });
      expect(await two.append(said({ by: 'two' }))).toMatchObject({ ok: true, revision: 0, repeated: true });
      expect((await two.readStream('order-1', { max: 9 })).map(({ data }) => data)).toEqual([{ by: 'one' }]);
    });

    it('refuses the slower of two at the same revision, and knows positions that others have handed out', async () => {
      const [one, two] = [await open(), await open()];
      await one.append(anAppend('order-1', NO_STREAM, 'a'));
      expect(await two.append(anAppend('order-1', NO_STREAM, 'b'))).toEqual({ ok: false, actual: 0 });
      const { position } = (await one.append(anAppend('order-1', 0, 'c'))) as { position: typeof START };
      expect(await two.readAll({ after: position, max: 1 })).toEqual({ events: [], next: position, atEnd: true });
    });
  });

  it('shares a server with other stores by prefix, and makes the same leaves as without', async () => {
    const [live, sandbox] = [await open({ prefix: 'live.' }), await open({ prefix: 'sandbox.' })];
    await live.append(anAppend('order-1', NO_STREAM, 'live'));
    await sandbox.append(anAppend('order-1', NO_STREAM, 'sandbox', 2));
    const categories = ['order'];
    expect((await readToEnd(live)).map(({ stream, data }) => [stream, data])).toEqual([['order-1', { name: 'live/0' }]]);
    expect((await follow(sandbox, 2, { categories })).map(({ stream, data }) => [stream, data])).toEqual([['order-1', { name: 'sandbox/0' }], ['order-1', { name: 'sandbox/1' }]]);
    expect((await follow(live, 1)).map(({ stream }) => stream)).toEqual(['order-1']);
    const [event] = await sandbox.readStream('order-1', { max: 1 });
    const { id, type, recordedAt, occurredAt, epoch, correlation, causation, principal } = event!;
    const own = canonicalBytes({ id, type, recordedAt, occurredAt, epoch, correlation, causation, principal, stream: 'order-1', revision: 0, dataText: JSON.stringify(event!.data) });
    expect(Buffer.from(event!.leaf)).toEqual(leafHash(own));
    expect(await house.store.revisionOf('sandbox.order-1')).toBe(1);
    expect(await house.store.revisionOf('order-1')).toBe(NO_STREAM);
  });

  it('takes “no such stream” for an answer: questions about what is not there end no subscription', async () => {
    const warned: string[] = [];
    const store = await open({ log: { ...silentLog, warn: (_, message) => void warned.push(message) } });
    const followed = follow(store, 1);
    for (let i = 0; i < 7; i++) expect(await store.revisionOf('order-none')).toBe(NO_STREAM);
    await house.store.append(anAppend('order-1', NO_STREAM, 'a'));
    expect([(await followed).length, warned]).toEqual([1, []]);
  });

  it('says of an append that is too large that it is', async () => {
    const store = await open();
    const large = anAppend('order-1', NO_STREAM, 'large', 1, { text: 'x'.repeat(1 << 20) });
    await expect(store.append(large)).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE', retryable: false });
    expect(await store.revisionOf('order-1')).toBe(NO_STREAM);
  });

  it('follows nothing where no category is asked for, until it is told to stop', async () => {
    const store = await open();
    await store.append(anAppend('order-1', NO_STREAM, 'a'));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    for await (const page of store.subscribe({ after: START, categories: [], signal: stop.signal })) expect(page).toBeUndefined();
  });

  describe('when the server is not there', () => {
    it('is told at the start, in time, and starts once it is there', async () => {
      await house.close();
      await expect(open({ connectMs: 200 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      const opening = open({ connectionString: `esdb://127.0.0.1:${house.door.port}?tls=false` });
      await systemClock().sleep(300);
      house = await openHouse({ port: house.door.port });
      expect((await opening).epoch).toBe(1);
    });

    it('looks for a cluster as long as it is told to, and goes on when it is found, nothing left unhandled', async () => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', note);
      const { port } = house.door;
      await house.close();
      const cluster = { connectionString: `esdb+discover://127.0.0.1:${port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=10` };
      await expect(open({ ...cluster, connectMs: 300 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const opening = open(cluster);
      await systemClock().sleep(300);
      house = await openHouse({ port });
      const store = await opening;
      for (let i = 0; i < 3; i++) {
        await house.close();
        const appending = store.append(anAppend('order-1', -1, 'a'));
        await systemClock().sleep(50);
        house = await openHouse({ port });
        expect(await appending).toMatchObject({ ok: true, revision: 0 });
      }
      await systemClock().sleep(50);
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    });

    it('goes on after the server was restarted: reads, appends, and whoever follows', async () => {
      const disk = memoryDisk();
      await house.close();
      house = await openHouse({ disk });
      const store = await open();
      const following = follow(store, 6, { categories: ['order'] });
      for (let i = 0; i < 3; i++) await store.append(anAppend('order-1', i - 1, `e${i}`));
      const { port } = house.door;
      await house.close();
      const waiting = store.append(anAppend('order-1', 2, 'e3'));
      await systemClock().sleep(200);
      house = await openHouse({ disk, port });
      expect(await waiting).toMatchObject({ ok: true, revision: 3, repeated: false });
      for (let i = 4; i < 6; i++) await store.append(anAppend('order-1', i - 1, `e${i}`));
      expect((await following).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  describe('when the server has hung', () => {
    let proxy: CuttingProxy;
    beforeEach(async () => {
      proxy = await CuttingProxy.before(house.door.port);
    });
    afterEach(() => proxy.close());

    it('no call waits longer than its time, and all goes on afterwards', async () => {
      const store = await open({ connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`, callMs: 150, resolveMs: 600 });
      await store.append(anAppend('order-1', NO_STREAM, 'a'));
      proxy.silent = true;
      const from = performance.now();
      const calls = await Promise.allSettled([
        store.append(anAppend('order-1', 0, 'b')), store.readStream('order-1', { max: 1 }), store.revisionOf('order-1'), store.readAll({ after: START, max: 1 }),
      ]);
      expect(calls.map((call) => call.status === 'rejected' && (call.reason as { code: string }).code)).toEqual(Array.from({ length: 4 }, () => 'STORE_UNAVAILABLE'));
      expect(performance.now() - from).toBeLessThan(5_000);
      proxy.silent = false;
      proxy.cutAll(); // what hung this long is dead; else TCP itself would have to find out
      // The caller asks again with the same ids, and hears what became of the first time.
      expect(await store.append(anAppend('order-1', 0, 'b'))).toMatchObject({ ok: true, revision: 1 });
      expect(await store.readStream('order-1', { max: 9 })).toHaveLength(2);
    });

    it('makes its connection anew by itself', async () => {
      const store = await open({ connectionString: `esdb://127.0.0.1:${proxy.port}?tls=false`, callMs: 150, resolveMs: 20_000 });
      proxy.silent = true; // lines made so far stay silent for ever
      const waiting = store.append(anAppend('order-1', NO_STREAM, 'a'));
      await systemClock().sleep(200);
      proxy.silenceOld();
      expect(await waiting).toMatchObject({ ok: true, revision: 0, repeated: false });
    });
  });
});
