import { memoryDisk } from '@vouchsafe/runtime';
import { NO_STREAM } from '../port.js';
import { anAppend } from '../testing/builders.js';
import { openSmall } from '../testing/small-store.js';

describe('what is in memory', () => {
  it('is appended to and read at once: nobody waits where nothing has to be waited for', async () => {
    const store = await openSmall(memoryDisk());
    expect(store.readStream('order-1', { max: 5 })).toEqual([]);
    expect(store.append(anAppend('order-1', NO_STREAM, 'a', 2))).toEqual({ ok: true, revision: 1, position: store.head(), repeated: false });
    expect(store.readStream('order-1', { max: 5 })).toMatchObject([{ revision: 0 }, { revision: 1 }]);
    expect(store.readStream('order-1', { max: 1, direction: 'backwards' })).toMatchObject([{ revision: 1 }]);
    expect(store.append(anAppend('order-1', 1, 'b'))).toMatchObject({ ok: true, revision: 2 });
    await store.close();
  });

  it('is not what an earlier process wrote: that is fetched first, once', async () => {
    const disk = memoryDisk();
    const before = await openSmall(disk);
    await before.append(anAppend('order-1', NO_STREAM, 'a', 2));
    await before.close();
    const store = await openSmall(disk);
    const fetched = store.append(anAppend('order-1', 1, 'b'));
    expect(fetched).toBeInstanceOf(Promise);
    const beginning = store.readStream('order-1', { max: 5 });
    expect(await fetched).toMatchObject({ ok: true, revision: 2 });
    expect(await beginning).toMatchObject([{ revision: 0 }, { revision: 1 }, { revision: 2 }]);
    expect(store.append(anAppend('order-1', 2, 'c'))).toMatchObject({ ok: true, revision: 3 });
    await store.close();
  });

  it('tells what is wrong as a rejection all the same', async () => {
    const store = await openSmall(memoryDisk());
    const refused = store.append({ stream: 'order-1', expected: NO_STREAM, events: [] });
    await expect(refused).rejects.toThrow('an append has events');
    await store.close();
    await expect(store.readStream('order-1', { max: 1 })).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
