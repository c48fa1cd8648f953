import { memoryStore } from '@vouchsafe/event-store';
import { openJournal } from '@vouchsafe/journal';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { memoryDisk, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import { TEST_START } from '@vouchsafe/testing';
import { localKeyWrap, openCodeVault } from '@vouchsafe/vault';
import { codes, commit, giveBack, inventoryRig, PRODUCT, release, reserve, type Rig, type RigOptions } from './testing/rig.js';

const { startImport, importCodes, completeImport, getImport, getStock } = InventoryService.method;

/** What survives a crash: log, vault, journal, uploads. Views do not have to. */
const survivors = async () => {
  const clock = simulatedClock(TEST_START);
  const random = systemRandom();
  return {
    store: memoryStore(clock),
    vault: await openCodeVault({ file: ':memory:', namespace: 'live', wrap: localKeyWrap(Buffer.alloc(32, 5), random), random, clock, log: silentLog }),
    journal: await openJournal({ disk: memoryDisk(), namespace: 'live', deploymentId: 'dep_1', epoch: 1, clock, log: silentLog }),
    spool: memoryDisk(),
  } satisfies RigOptions;
};

class Died extends Error {}
/** Lets `calls` changing calls through, then the process is dead: that call still takes effect or not, no answer comes, nothing works any more. */
const mortal = (ports: Awaited<ReturnType<typeof survivors>>, calls: number, effect: boolean) => {
  let left = calls;
  const guard = <T extends object>(port: T, changing: readonly (keyof T)[]): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (left < 0) throw new Died('dead');
          if (!changing.includes(name as keyof T)) return value.apply(target, args);
          left--;
          if (left >= 0) return value.apply(target, args);
          if (!effect) throw new Died('dead');
          return Promise.resolve(value.apply(target, args)).then(() => Promise.reject(new Died('dead')));
        };
      },
    });
  return {
    store: guard(ports.store, ['append']), vault: guard(ports.vault, ['begin', 'seal', 'complete', 'abort', 'erase']), journal: guard(ports.journal, ['flush']), spool: guard(ports.spool, ['remove']),
    isDead: () => left < 0,
  };
};

/** Does `work` over and over, in a new process after each crash, until one process lives to its end. */
const untilDone = async (ports: Awaited<ReturnType<typeof survivors>>, dieAfter: number, effect: boolean, work: (rig: Rig) => Promise<void>): Promise<void> => {
  for (let attempt = 0; attempt < 3; attempt++) {
    const { isDead, ...guarded } = mortal(ports, attempt < 2 ? dieAfter : Number.MAX_SAFE_INTEGER, effect);
    const rig = await inventoryRig({ ...guarded, sealRows: 64, seed: attempt + 1 });
    const alive = await rig.inventory.start().then(() => work(rig)).then(() => !isDead(), (error: unknown) => {
      if (!isDead()) throw error;
      return false;
    });
    await rig.inventory.stop().catch((error: unknown) => expect(error).toBeInstanceOf(Died));
    await rig.readStore.close();
    if (alive) return;
  }
  throw new Error('the last process should have lived');
};
const importOf = (rig: Rig, importId: string) => rig.rpc.call(getImport, { importId }, rig.context);

const deaths = [...Array.from({ length: 22 }, (_, i) => [i, false] as const), ...Array.from({ length: 22 }, (_, i) => [i, true] as const)];
it.each(deaths)('an import survives a crash after %i writes (effect done: %s): every code once, all of them', async (dieAfter, effect) => {
  const ports = await survivors();
  const content = Buffer.from(codes(0, 300));
  await untilDone(ports, dieAfter, effect, async (rig) => {
    const { importId, state, nextOffset } = await rig.rpc.call(startImport, { productId: PRODUCT, requestId: 'r1' }, rig.context);
    if (state === ImportState.RECEIVING) {
      const from = Number(nextOffset);
      await rig.rpc.upload(importCodes, (async function* () { yield { importId, offset: BigInt(from), content: content.subarray(from), last: true }; })(), rig.context);
    }
    await rig.rpc.call(completeImport, { importId, expectedCodes: 300n, requestId: 'c1' }, rig.context);
    await rig.clock.advance(20_000); // what was left between two streams is finished by its deadline
    expect((await importOf(rig, importId)).state).toBe(ImportState.COMPLETED);
    expect(Number((await rig.rpc.call(getStock, { productId: PRODUCT }, rig.context)).free)).toBe(300);
    const batchId = importId.replace('imp_', 'bat_');
    expect(new Set((await rig.vault.open([{ batchId, from: 0, to: 300 }])).map(({ code }) => code)).size).toBe(300);
    expect(await rig.vault.verify(batchId)).toBe(true);
  });
});

const limited = { buyerToken: 'tok_anna', buyerLimit: 4 };
const steps = [...Array.from({ length: 10 }, (_, i) => [i, false] as const), ...Array.from({ length: 10 }, (_, i) => [i, true] as const)];
it.each(steps)('orders survive a crash after %i writes (effect done: %s): stock and the buyer’s limit agree', async (dieAfter, effect) => {
  const ports = await survivors();
  const first = await inventoryRig({ ...ports, sealRows: 64 });
  await first.inventory.start();
  const { importId } = await first.rpc.call(startImport, { productId: PRODUCT }, first.context);
  await first.rpc.upload(importCodes, (async function* () { yield { importId, offset: 0n, content: Buffer.from(codes(0, 20)), last: true }; })(), first.context);
  await first.rpc.call(completeImport, { importId }, first.context);
  await first.inventory.stop();
  const batchId = importId.replace('imp_', 'bat_');
  await untilDone(ports, dieAfter, effect, async (rig) => {
    await reserve(rig, 1, 2, limited);
    expect(await commit(rig, 1)).toMatchObject({ ok: true });
    await reserve(rig, 2, 2, limited);
    await release(rig, 2);
    await giveBack(rig, 'rfd_1', 1, [{ batchId, from: 1, to: 2 }]);
    await rig.clock.advance(20_000);
    const { free, sold, reserved } = await rig.rpc.call(getStock, { productId: PRODUCT }, rig.context);
    expect([free, sold, reserved].map(Number)).toEqual([19, 1, 0]);
    expect(await reserve(rig, 3, 4, limited)).toMatchObject({ ok: false, code: 'BUYER_LIMIT_REACHED' });
    expect(await reserve(rig, 4, 3, limited)).toMatchObject({ ok: true });
  });
});

it('a share of a buyer’s limit whose reservation never came is given back once it can no longer come', async () => {
  const ports = await survivors();
  const first = await inventoryRig({ ...ports, sealRows: 64 });
  await first.inventory.start();
  const { importId } = await first.rpc.call(startImport, { productId: PRODUCT }, first.context);
  await first.rpc.upload(importCodes, (async function* () { yield { importId, offset: 0n, content: Buffer.from(codes(0, 20)), last: true }; })(), first.context);
  await first.rpc.call(completeImport, { importId }, first.context);
  await first.inventory.stop();
  const { isDead, ...guarded } = mortal(ports, 2, false); // journal at the start, the limit; not the pool
  const dying = await inventoryRig(guarded);
  await dying.inventory.start();
  await expect(reserve(dying, 1, 4, limited)).rejects.toThrow();
  expect(isDead()).toBe(true);
  const rig = await inventoryRig(ports);
  await rig.inventory.start();
  expect(await reserve(rig, 2, 1, limited)).toMatchObject({ ok: false, code: 'BUYER_LIMIT_REACHED' });
  await rig.clock.advance(70_000);
  expect(await reserve(rig, 3, 4, limited)).toMatchObject({ ok: true });
  await rig.inventory.stop();
});
