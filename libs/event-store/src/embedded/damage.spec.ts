import { isFault } from '@vouchsafe/kernel';
import { memoryDisk } from '@vouchsafe/runtime';
import * as fc from 'fast-check';
import { anAppend, readToEnd } from '../testing/builders.js';
import { diskWith, everythingIn, fill, openSmall, openSmallForReading } from '../testing/small-store.js';

const RUNS = process.env['VOUCHSAFE_LONG'] === '1' ? 20_000 : 1000;
const EVENTS = 90;
jest.setTimeout(3_600_000); // long with VOUCHSAFE_LONG; seconds without

type Files = ReadonlyMap<string, Buffer>;
/** A log of several segments and runs: closed in order, or left by a kill with its last frame acknowledged. */
const aLog = async (ending: 'closed' | 'killed'): Promise<Files> => {
  const disk = memoryDisk();
  const store = await openSmall(disk);
  await fill(store, EVENTS);
  if (ending === 'killed') return disk.kill().contents();
  await store.close();
  return disk.contents();
};

/** Opens what is left and gives all it shows; undefined if it says that it is damaged. Any other failure throws. */
const whatItShows = async (files: Files): Promise<readonly string[] | undefined> => {
  try {
    const store = await openSmall(diskWith(files));
    const shown = await everythingIn(store);
    // And it goes on from there: what is written now is found by the next.
    expect(await store.append(anAppend('order-new', -1, 'later'))).toMatchObject({ ok: true, revision: 0 });
    await store.close();
    return shown;
  } catch (error) {
    if (isFault(error) && ['LOG_DAMAGED', 'LOG_TOO_NEW'].includes(error.code) && !error.retryable) return undefined;
    throw error;
  }
};

const withBytes = (files: Files, name: string, change: (bytes: Buffer) => Buffer): Files =>
  new Map(files).set(name, change(Buffer.from(files.get(name)!)));
const flipBit =
  (at: number) =>
  (bytes: Buffer): Buffer => {
    const where = at % (bytes.length * 8);
    bytes[where >> 3]! ^= 1 << (where & 7);
    return bytes;
  };

describe('damage to a log that was closed', () => {
  let files: Files;
  let whole: readonly string[];
  beforeAll(async () => {
    files = await aLog('closed');
    whole = (await whatItShows(files))!;
    expect(whole).toHaveLength(EVENTS);
    expect([...files.keys()].filter((name) => name.endsWith('.seg')).length).toBeGreaterThan(5);
    expect([...files.keys()].some((name) => name.endsWith('.run'))).toBe(true);
  });
  const aFile = fc.nat().map((n) => [...files.keys()][n % files.size]!);

  it('by one bit flipped in any file is reported or harmless, never a wrong answer', async () => {
    await fc.assert(
      fc.asyncProperty(aFile, fc.nat(), async (name, at) => {
        const shown = await whatItShows(withBytes(files, name, flipBit(at)));
        if (shown) expect(shown.join()).toBe(whole.join());
      }),
      { numRuns: RUNS },
    );
  });

  it('by one bit flipped anywhere in the events is always reported', async () => {
    const written = [...files]
      .filter(([name]) => name.endsWith('.seg'))
      .map(([name, bytes]) => [name, bytes.findLastIndex((byte) => byte !== 0) + 1] as const);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (which, at) => {
        const [name, length] = written[which % written.length]!;
        expect(await whatItShows(withBytes(files, name, flipBit(at % (length * 8))))).toBeUndefined();
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('by a file cut short, blanked in part, or gone, is reported or harmless', async () => {
    const change = fc.oneof(
      fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))),
      fc.tuple(fc.nat(), fc.nat()).map(
        ([from, length]) =>
          (bytes: Buffer) =>
            bytes.fill(0, from % bytes.length, Math.min(bytes.length, (from % bytes.length) + (length % 3000))),
      ),
    );
    await fc.assert(
      fc.asyncProperty(aFile, change, async (name, how) => {
        const shown = await whatItShows(withBytes(files, name, how));
        if (shown) expect(shown.join()).toBe(whole.join());
      }),
      { numRuns: RUNS / 2 },
    );
    for (const name of files.keys()) {
      const without = new Map(files);
      without.delete(name);
      const shown = await whatItShows(without);
      if (shown) expect(shown.join()).toBe(whole.join());
      else expect(name).toMatch(/\.seg$/);
    }
  });

  it('says which file, which byte and which position', async () => {
    const events = await readToEnd(await openSmallForReading(diskWith(files)));
    const victim = events[Math.floor(EVENTS / 2)]!;
    const base = [...files.keys()]
      .filter((name) => name.endsWith('.seg'))
      .map((name) => Number(/(\d+)\.seg/.exec(name)![1]))
      .findLast((candidate) => candidate <= victim.position)!;
    const name = `log/${String(base).padStart(16, '0')}.seg`;
    const damaged = withBytes(files, name, flipBit((victim.position - base + 60) * 8));
    const refusal = await openSmall(diskWith(damaged)).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'LOG_DAMAGED', retryable: false, file: name });
    const { offset, position, message } = refusal as { offset: number; position: number; message: string };
    expect(position).toBe(base + offset);
    expect(offset).toBeLessThanOrEqual(victim.position - base);
    expect(victim.position - base - offset).toBeLessThan(2000);
    expect(message).toContain(`${name} at byte ${offset} (position ${position})`);
    const again = await openSmallForReading(diskWith(damaged)).catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'LOG_DAMAGED', offset });
  });

  it('by the loss of what came last tells it from an append that was never finished', async () => {
    const name = [...files.keys()]
      .filter(
        (file) =>
          file.endsWith('.seg') &&
          files
            .get(file)!
            .subarray(64)
            .some((byte) => byte !== 0),
      )
      .pop()!;
    const lost = withBytes(files, name, (bytes) => bytes.fill(0, 64));
    await expect(openSmall(diskWith(lost))).rejects.toThrow('acknowledged are missing');
    const torn = withBytes(files, name, (bytes) => {
      bytes.write('unfinished', bytes.findLastIndex((byte) => byte !== 0) + 1);
      return bytes;
    });
    const store = await openSmall(diskWith(torn));
    expect(store.recovery.tailCut).toMatchObject([{ file: name }]);
    expect(await everythingIn(store)).toEqual(whole);
    await store.close();
  });

  it('while it is open is reported to whoever reads there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (at) => {
        const disk = diskWith(files);
        const store = await openSmall(disk);
        const name = [...files.keys()].filter((file) => file.endsWith('.seg'))[at % 5]!;
        disk.damage(name, flipBit(at)(Buffer.from(disk.contents().get(name)!)));
        const right = (text: string): void => expect(whole.some((event) => event.includes(text))).toBe(true);
        for (const read of [
          () => everythingIn(store),
          ...Array.from(
            { length: 7 },
            (_, i) => () => store.readStream(`${at % 2 ? 'order' : 'pool'}-${i}`, { max: 100 }),
          ),
        ]) {
          try {
            for (const shown of await read())
              right(typeof shown === 'string' ? shown : Buffer.from(shown.canonical).toString('latin1'));
          } catch (error) {
            expect(error).toMatchObject({ code: 'LOG_DAMAGED', retryable: false });
          }
        }
        await store.close();
      }),
      { numRuns: RUNS / 10 },
    );
  });
});

describe('a mixture of two logs', () => {
  it('is refused when the head file is of the other', async () => {
    const [short, long] = await Promise.all(
      [40, 60].map(async (count) => {
        const disk = memoryDisk();
        const store = await openSmall(disk);
        await fill(store, count, count / 10);
        await store.close();
        return disk.contents();
      }),
    );
    await expect(openSmall(diskWith(new Map(short).set('head', long!.get('head')!)))).rejects.toThrow(
      'acknowledged are missing',
    );
    await expect(openSmall(diskWith(new Map(long).set('head', short!.get('head')!)))).rejects.toThrow(
      'not the log that the head file',
    );
  });
});

describe('a back pointer that leads to another stream', () => {
  it('is not followed', async () => {
    const disk = memoryDisk();
    const store = await openSmall(disk, { segmentBytes: 1 << 18 });
    await fill(store, 40);
    await store.close();
    const again = await openSmall(disk, { segmentBytes: 1 << 18 });
    const name = 'log/0000000000000000.seg';
    const bytes = Buffer.from(disk.contents().get(name)!);
    const [last, other] = await Promise.all(
      ['order-1', 'pool-2'].map(
        async (stream) => (await again.readStream(stream, { max: 1, direction: 'backwards' }))[0]!,
      ),
    );
    bytes.writeUInt32BE(other!.position, last!.position + 8);
    disk.damage(name, bytes);
    const fresh = await openSmallForReading(
      diskWith(new Map([...disk.contents()].filter(([file]) => file !== name)).set(name, disk.contents().get(name)!)),
    ).catch((error: unknown) => error);
    expect(fresh).toMatchObject({ code: 'LOG_DAMAGED' });
    await expect(again.readStream('order-1', { max: 100 })).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    await again.close();
  });
});

describe('damage to a log whose process was killed', () => {
  it('is reported, or harmless, or costs the very last frame at most and says so', async () => {
    const files = await aLog('killed');
    const whole = (await whatItShows(files))!;
    const names = [...files.keys()];
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), async (which, at) => {
        const damaged = withBytes(files, names[which % names.length]!, flipBit(at));
        const shown = await whatItShows(damaged);
        if (!shown || shown.length === whole.length) return shown && expect(shown.join()).toBe(whole.join());
        expect(shown.join()).toBe(whole.slice(0, -1).join()); // each frame here has one event
        const { recovery } = await openSmallForReading(diskWith(damaged));
        expect(recovery.tailCut).toHaveLength(1);
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
