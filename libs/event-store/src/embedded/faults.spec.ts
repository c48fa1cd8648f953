import type { Fault } from '@vouchsafe/kernel';
import { type DiskOperation, memoryDisk } from '@vouchsafe/runtime';
import { NO_STREAM } from '../port.js';
import { anAppend } from '../testing/builders.js';
import { everythingIn, fill, openSmall, settle } from '../testing/small-store.js';
import { SteppedClock } from '../testing/stepped-clock.js';

const LOSE_ALL = (): number => 0;

describe('a disk that fails to flush', () => {
  it('ends the store: nothing is acknowledged any more, those who wait are told, all acknowledged is there after', async () => {
    const disk = memoryDisk();
    const faults: Fault[] = [];
    const store = await openSmall(disk, {}, new SteppedClock(), faults);
    await fill(store, 10);
    const whole = await everythingIn(store);
    const following = (async () => {
      for await (const _ of store.subscribe({ after: store.head(), signal: new AbortController().signal }))
        throw new Error('nothing may come');
    })();
    disk.failNext('sync', 'EIO');
    const result = await store.append(anAppend('order-new', NO_STREAM, 'x'));
    const waiting = [store.durable(store.head()), store.durable(result.ok ? result.position : store.head()), following];
    for (const work of waiting) await expect(work).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { code: 'EIO' } });
    await expect(store.append(anAppend('order-2', NO_STREAM, 'y'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(store.durable(store.head())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(store.stats().flushes).toBe(10);
    await store.close();
    const after = await openSmall(disk.crash(LOSE_ALL));
    expect(await everythingIn(after)).toEqual(whole);
    await after.close();
  });

  it.each(['head', 'directory/manifest.tmp', 'log/next.tmp'])('ends it also when that happens at %s', async (where) => {
    let failing = false;
    const disk = memoryDisk({
      before: ({ kind, name }: DiskOperation) => {
        if (failing && kind === 'sync' && name === where) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      },
    });
    const faults: Fault[] = [];
    const clock = new SteppedClock();
    const store = await openSmall(disk, {}, clock, faults);
    failing = true;
    await fill(store, 60).catch(() => undefined);
    clock.pass(1000);
    await settle();
    expect(faults).toHaveLength(1);
    await store.close();
  });
});

describe('a full disk', () => {
  it('refuses appends before they are accepted, goes on reading, and takes them again once there is room', async () => {
    const disk = memoryDisk({ capacityBytes: 40_000 });
    const clock = new SteppedClock();
    const faults: Fault[] = [];
    const store = await openSmall(disk, {}, clock, faults);
    const refusal = await fill(store, 1000).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'STORE_READ_ONLY', retryable: true });
    const whole = await everythingIn(store);
    expect(store.stats()).toMatchObject({ events: whole.length, shortOfSpace: true });
    expect(await store.append(anAppend('order-1', 99, 'x'))).toMatchObject({ ok: false });
    await expect(store.append(anAppend('order-new', NO_STREAM, 'y', 10))).rejects.toMatchObject({
      code: 'STORE_READ_ONLY',
    });
    disk.setCapacity(200_000);
    clock.pass(1000);
    expect(await store.append(anAppend('order-new', NO_STREAM, 'y', 10))).toMatchObject({ ok: true, revision: 9 });
    await store.durable(store.head());
    await fill(store, 1000).catch(() => undefined);
    expect(store.stats().events).toBeGreaterThan(whole.length + 50);
    expect(faults).toEqual([]);
    const shown = await everythingIn(store);
    await store.close();
    const again = await openSmall(disk);
    expect(await everythingIn(again)).toEqual(shown);
    await again.close();
  });

  it('can be opened, read and closed while it is full', async () => {
    const disk = memoryDisk({ capacityBytes: 40_000 });
    const store = await openSmall(disk);
    await fill(store, 1000).catch(() => undefined);
    const whole = await everythingIn(store);
    await store.close();
    const again = await openSmall(disk);
    expect(await everythingIn(again)).toEqual(whole);
    await again.close();
  });

  it('without room for even an empty log says so', async () => {
    await expect(openSmall(memoryDisk({ capacityBytes: 3000 }))).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
  });

  it('leaves the reserve to others', async () => {
    const disk = memoryDisk({ capacityBytes: 60_000 });
    const store = await openSmall(disk, { reserveBytes: 20_000 });
    await fill(store, 1000).catch(() => undefined);
    await store.close();
    const logBytes = [...disk.contents()]
      .filter(([name]) => name.endsWith('.seg'))
      .reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(logBytes).toBeGreaterThan(10_000);
    expect(logBytes).toBeLessThanOrEqual(40_000);
  });
});
