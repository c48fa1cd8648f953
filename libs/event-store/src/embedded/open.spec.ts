import { memoryDisk } from '@vouchsafe/runtime';
import { NO_STREAM } from '../port.js';
import { anAppend, readToEnd } from '../testing/builders.js';
import { diskWith, everythingIn, fill, openSmall, openSmallForReading, settle } from '../testing/small-store.js';
import { SteppedClock } from '../testing/stepped-clock.js';

const LOSE_ALL = (): number => 0;

describe('opening', () => {
  it('counts a new epoch every time, durably, and never less than asked for', async () => {
    const disk = memoryDisk();
    const epochs: number[] = [];
    for (let i = 0; i < 3; i++) {
      const store = await openSmall(disk);
      epochs.push(store.epoch);
      await store.close();
    }
    const raised = await openSmall(disk, { minimumEpoch: 100 });
    epochs.push(raised.epoch);
    await raised.append(anAppend('order-1', NO_STREAM, 'a'));
    await raised.durable(raised.head());
    const crashed = disk.crash(LOSE_ALL);
    const after = await openSmall(crashed);
    epochs.push(after.epoch);
    expect(epochs).toEqual([1, 2, 3, 100, 101]);
    const [event] = await after.readStream('order-1', { max: 1 });
    expect(event!.epoch).toBe(100);
    await after.close();
  });

  it('is refused while another has the directory, and possible again after', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk);
    await expect(openSmall(disk)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE', retryable: false });
    await store.close();
    await (await openSmall(disk)).close();
  });

  it('that fails gives the directory back', async () => {
    const disk = memoryDisk();
    await (await openSmall(disk)).close();
    disk.failNext('read', 'EIO');
    await expect(openSmall(disk)).rejects.toMatchObject({ code: 'EIO' });
    await (await openSmall(disk)).close();
  });

  it('says what to do about a directory that cannot be written', async () => {
    const disk = memoryDisk({
      before: ({ kind, name }) => {
        if (kind === 'open' && name.endsWith('.tmp')) throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
      },
    });
    await expect(openSmall(disk)).rejects.toMatchObject({ code: 'DIRECTORY_NOT_WRITABLE', retryable: false });
  });

  it('never records an earlier time than before the restart', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, {}, new SteppedClock(1_760_000_500_000));
    await fill(store, 3);
    await store.close();
    const after = await openSmall(disk, {}, new SteppedClock(1_760_000_000_000));
    await fill(after, 5);
    const times = (await readToEnd(after)).map(({ recordedAt }) => recordedAt);
    expect(Math.min(...times)).toBe(1_760_000_500_000);
    await after.close();
  });

  it('cuts off a torn tail once, and blanks it', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, { headEveryMs: 1e9 });
    await fill(store, 20);
    const files = disk.kill().contents();
    const name = [...files.keys()]
      .filter((file) => file.endsWith('.seg'))
      .findLast((file) =>
        files
          .get(file)!
          .subarray(64)
          .some((byte) => byte !== 0),
      )!;
    const bytes = files.get(name)!;
    bytes[bytes.findLastIndex((byte) => byte !== 0)]! ^= 1;
    const torn = diskWith(files);
    const cut = await openSmall(torn);
    expect(cut.recovery.tailCut).toMatchObject([{ file: name }]);
    expect(cut.recovery.events).toBe(19);
    await cut.close();
    const after = await openSmall(torn);
    expect(after.recovery).toMatchObject({ tailCut: [], events: 19 });
    await after.close();
  });

  it('reads what is written after it even where it had read the end of the log before', async () => {
    const disk = memoryDisk();
    const roomy = { segmentBytes: 1 << 18, cacheBytes: 1 << 20 };
    const store = await openSmall(disk, roomy);
    await fill(store, 10);
    await store.close();
    const again = await openSmall(disk, roomy);
    const before = await everythingIn(again);
    await fill(again, 60);
    expect((await everythingIn(again)).slice(0, 10)).toEqual(before);
    await again.close();
  });

  it('makes the names of files durable that a killed process had only given', async () => {
    for (let nth = 3; nth <= 6; nth++) {
      let left = nth;
      let reached: () => void = () => {};
      const named = new Promise<void>((resolve) => (reached = resolve));
      const disk = memoryDisk({
        before: ({ kind, name }) => {
          if (kind !== 'syncFolder' || name !== 'log' || --left > 0) return undefined;
          reached();
          return new Promise(() => {}); // the file has its name, which is not durable
        },
      });
      void fill(await openSmall(disk), 400);
      await named;
      const killed = disk.kill();
      left = Number.POSITIVE_INFINITY;
      const second = await openSmall(killed);
      left = 0;
      const before = second.stats().events;
      void fill(second, 400);
      for (let i = 0; i < 100; i++) await settle();
      expect(second.stats().events).toBeGreaterThan(before + 10);
      const whole = (await readToEnd(second)).map(({ position }) => position);
      left = Number.POSITIVE_INFINITY;
      const third = await openSmall(killed.crash(LOSE_ALL));
      expect((await readToEnd(third)).map(({ position }) => position)).toEqual(whole);
    }
  });
});

describe('opening for reading only', () => {
  it('shows the same and changes nothing, whatever the state of the directory', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk);
    await fill(store, 60);
    const whole = await everythingIn(store);
    const killed = disk.kill().contents();
    const torn = new Map(killed);
    const name = [...killed.keys()]
      .filter((file) => file.endsWith('.seg'))
      .findLast((file) =>
        killed
          .get(file)!
          .subarray(64)
          .some((byte) => byte !== 0),
      )!;
    const bytes = Buffer.from(killed.get(name)!);
    bytes.write('unfinished', bytes.findLastIndex((byte) => byte !== 0) + 1);
    torn.set(name, bytes);
    const bare = new Map([...killed].filter(([file]) => file.endsWith('.seg')));
    for (const files of [killed, torn, bare]) {
      const left = diskWith(files);
      const reading = await openSmallForReading(left);
      expect(await everythingIn(reading)).toEqual(whole);
      await expect(reading.append(anAppend('order-1', NO_STREAM, 'x'))).rejects.toMatchObject({
        code: 'STORE_READ_ONLY',
        retryable: false,
      });
      expect(reading.logHash()).toBe(store.logHash());
      await reading.close();
      expect(left.contents()).toEqual(files);
    }
  });

  it('says when there is no log', async () => {
    await expect(openSmallForReading(memoryDisk())).rejects.toMatchObject({ code: 'LOG_MISSING' });
  });
});

describe('a consistent cut', () => {
  it('copied while writing goes on opens as the log was at that position', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk);
    await fill(store, 50);
    const whole = await everythingIn(store);
    const cut = await store.cut();
    expect(cut).toMatchObject({ position: store.head(), hash: store.logHash(), epoch: 1 });
    const writing = fill(store, 50);
    const copy = new Map(cut.files.map(({ name, length }) => [name, disk.contents().get(name)!.subarray(0, length)]));
    await writing;
    const restored = diskWith(copy);
    const reading = await openSmallForReading(restored);
    expect([reading.head(), reading.logHash()]).toEqual([cut.position, cut.hash]);
    await reading.close();
    const after = await openSmall(restored, { minimumEpoch: 10 });
    expect(await everythingIn(after)).toEqual(whole);
    await fill(after, 50);
    await after.close();
    await (await openSmall(restored)).close();
    await store.close();
  });
});

describe('equal histories', () => {
  it('have equal hashes, others do not', async () => {
    const hashOf = async (events: number): Promise<string> => {
      const store = await openSmall(memoryDisk());
      await fill(store, events);
      await store.close();
      return store.logHash();
    };
    expect(await hashOf(20)).toBe(await hashOf(20));
    expect(await hashOf(20)).not.toBe(await hashOf(21));
  });
});
