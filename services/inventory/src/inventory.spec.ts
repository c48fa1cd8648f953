import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { codes, commit, giveBack, importFile, inventoryRig, openSecrets, PRODUCT, release, reserve, type Rig, upload } from './testing/rig.js';

const { getStock, getImport, startImport, completeImport, abortImport, listRefusedLines } = InventoryService.method;
let rig: Rig;
beforeEach(async () => {
  rig = await inventoryRig({ sealRows: 64 });
  await rig.inventory.start();
});
afterEach(async () => {
  await rig.inventory.stop();
  await rig.close();
});
const stock = async (): Promise<{ free: number; reserved: number; sold: number }> => {
  const { free, reserved, sold } = await rig.rpc.call(getStock, { productId: PRODUCT }, rig.context);
  return { free: Number(free), reserved: Number(reserved), sold: Number(sold) };
};

it('takes a file in, sells it, and opens a code only against a recorded disclosure', async () => {
  const batchId = await importFile(rig, codes(0, 200));
  expect(await stock()).toEqual({ free: 200, reserved: 0, sold: 0 });
  expect(await reserve(rig, 1, 3)).toEqual({ ok: true, result: {} });
  const committed = await commit(rig, 1);
  const range = { batchId, from: 0, to: 3 };
  expect(committed).toEqual({
    ok: true,
    result: { ranges: [{ ...range, supplierId: 'sup_leaf', terms: 'purchased', unitCostMicros: 7_522_124n, unitTaxMicros: 977_876n, currency: 'CNY' }] },
  });
  expect(await commit(rig, 1)).toEqual(committed);
  await expect(openSecrets(rig, 'dsc_1', [range])).rejects.toMatchObject({ code: 'DISCLOSURE_NOT_RECORDED' });
  rig.disclosed.add('dsc_1');
  const { secrets } = await openSecrets(rig, 'dsc_1', [range]);
  expect(secrets.map(({ code }) => code)).toEqual(['CODE-00000', 'CODE-00001', 'CODE-00002']);
  const ids = secrets.map(({ voucherId }) => voucherId);
  expect((await rig.rpc.call(SecretsService.method.resolveVoucherIds, { voucherIds: ids }, rig.context)).units.map(({ unit }) => Number(unit!.index))).toEqual([0, 1, 2]);
  const found = await rig.rpc.call(SecretsService.method.findByCode, { code: 'CODE-00002' }, rig.context);
  expect([found.found, found.productId, Number(found.unit!.index)]).toEqual([true, PRODUCT, 2]);
  expect((await rig.rpc.call(SecretsService.method.findByCode, { code: 'CODE-99999' }, rig.context)).found).toBe(false);
});

it('has a disclosure in the journal before the code leaves', async () => {
  const batchId = await importFile(rig, codes(0, 3));
  await reserve(rig, 1, 1);
  await commit(rig, 1);
  rig.disclosed.add('dsc_1');
  await openSecrets(rig, 'dsc_1', [{ batchId, from: 0, to: 1 }]);
  const kinds: string[] = [];
  for await (const { entry } of rig.journal.read()) kinds.push(entry.type);
  expect(kinds).toEqual(['Opened', 'LookupKey', 'Imported', 'ImportEnded', 'Committed', 'Disclosed']);
});

describe('imports', () => {
  it('sell nothing before they are complete, and then everything that was accepted', async () => {
    const content = `code,expiry\n${codes(0, 5).replaceAll('\n', ',\n')}CODE-00001,\n,\nCODE-77777,2020-01-01\n`;
    const { importId } = await rig.rpc.call(startImport, { productId: PRODUCT, unitCost: '1' }, rig.context);
    await upload(rig, importId, content);
    expect(await stock()).toMatchObject({ free: 0 });
    const done = await rig.rpc.call(completeImport, { importId, contentBytes: BigInt(content.length) }, rig.context);
    expect([done.state, Number(done.accepted), Number(done.refused), Number(done.lines)]).toEqual([ImportState.COMPLETED, 5, 3, 9]);
    expect(await stock()).toMatchObject({ free: 5 });
    const { lines } = await rig.rpc.call(listRefusedLines, { importId }, rig.context);
    expect(lines.map(({ line, reason }) => [Number(line), reason])).toEqual([[7, 'DUPLICATE_IN_FILE'], [8, 'CODE_EMPTY'], [9, 'EXPIRED']]);
    expect(JSON.stringify(lines, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))).not.toContain('CODE-');
  });
  it('go on at the next offset after an interruption', async () => {
    const content = codes(0, 100);
    const { importId } = await rig.rpc.call(startImport, { productId: PRODUCT }, rig.context);
    await upload(rig, importId, content.slice(0, 333), 0, false);
    const { nextOffset } = await rig.rpc.call(getImport, { importId }, rig.context);
    expect(Number(nextOffset)).toBe(333);
    await expect(upload(rig, importId, content.slice(300), 300)).rejects.toMatchObject({ code: 'OFFSET_WRONG', details: { next_offset: '333' } });
    await upload(rig, importId, content.slice(333), 333);
    const done = await rig.rpc.call(completeImport, { importId, contentBytes: 1_100n, expectedCodes: 100n }, rig.context);
    expect(Number(done.accepted)).toBe(100);
  });
  it('refuse to complete with another number than expected or with too many refused lines, and stay', async () => {
    const { importId } = await rig.rpc.call(startImport, { productId: PRODUCT }, rig.context);
    await upload(rig, importId, `${codes(0, 3)}\nxy\n`);
    await expect(rig.rpc.call(completeImport, { importId, contentBytes: 37n, expectedCodes: 4n }, rig.context)).rejects.toMatchObject({ code: 'COUNT_DIFFERS' });
    await expect(rig.rpc.call(completeImport, { importId, maxRefused: 0n }, rig.context)).rejects.toMatchObject({ code: 'TOO_MANY_REFUSED' });
    expect((await rig.rpc.call(completeImport, { importId, maxRefused: 1n }, rig.context)).state).toBe(ImportState.COMPLETED);
  });
  it('given up leave nothing behind: the corrected file goes in', async () => {
    const { importId } = await rig.rpc.call(startImport, { productId: PRODUCT }, rig.context);
    await upload(rig, importId, codes(0, 10));
    expect((await rig.rpc.call(abortImport, { importId, reason: 'wrong file' }, rig.context)).state).toBe(ImportState.ABORTED);
    await importFile(rig, codes(0, 10));
    expect(await stock()).toMatchObject({ free: 10 });
  });
  it('of what is no list of codes abort by themselves, with the reason', async () => {
    const { importId } = await rig.rpc.call(startImport, { productId: PRODUCT }, rig.context);
    await upload(rig, importId, Buffer.from('PK\u0003\u0004spreadsheet'));
    await expect(rig.rpc.call(completeImport, { importId }, rig.context)).rejects.toMatchObject({ code: 'IMPORT_ABORTED' });
  });
  it('started twice under one request id are one', async () => {
    const [a, b] = [await rig.rpc.call(startImport, { productId: PRODUCT, requestId: 'r1' }, rig.context), await rig.rpc.call(startImport, { productId: PRODUCT, requestId: 'r1' }, rig.context)];
    expect(a.importId).toBe(b.importId);
    await expect(rig.rpc.call(startImport, { productId: 'prd_other', requestId: 'r1' }, rig.context)).rejects.toMatchObject({ code: 'IMPORT_DIFFERS' });
  });
  it('are refused for products that are unknown or have no stock', async () => {
    await expect(rig.rpc.call(startImport, { productId: 'prd_none' }, rig.context)).rejects.toMatchObject({ code: 'PRODUCT_UNKNOWN' });
    await expect(rig.rpc.call(startImport, { productId: 'prd_topup' }, rig.context)).rejects.toMatchObject({ code: 'PRODUCT_NOT_STOCKED' });
  });
});

describe('buyer limits', () => {
  const limited = { buyerToken: 'tok_anna', buyerLimit: 3 };
  it('are kept over orders, and given back with the reservation', async () => {
    await importFile(rig, codes(0, 10));
    expect(await reserve(rig, 1, 2, limited)).toMatchObject({ ok: true });
    expect(await reserve(rig, 2, 2, limited)).toMatchObject({ ok: false, code: 'BUYER_LIMIT_REACHED' });
    await release(rig, 1);
    expect(await reserve(rig, 3, 3, limited)).toMatchObject({ ok: true });
    expect(await reserve(rig, 3, 3, limited)).toMatchObject({ ok: true });
  });
  it('are not eaten by what stock refused', async () => {
    await importFile(rig, codes(0, 2));
    expect(await reserve(rig, 1, 3, limited)).toMatchObject({ ok: false, code: 'OUT_OF_STOCK' });
    expect(await reserve(rig, 2, 2, limited)).toMatchObject({ ok: true });
  });
  it('come back for returned units only, once per refund', async () => {
    const batchId = await importFile(rig, codes(0, 10));
    await reserve(rig, 1, 3, limited);
    await commit(rig, 1);
    for (let i = 0; i < 2; i++) expect(await giveBack(rig, 'rfd_1', 1, [{ batchId, from: 1, to: 2 }])).toMatchObject({ ok: true });
    expect(await reserve(rig, 2, 2, limited)).toMatchObject({ ok: false, code: 'BUYER_LIMIT_REACHED' });
    expect(await reserve(rig, 3, 1, limited)).toMatchObject({ ok: true });
  });
});

it('answers about a sale that the pool has long forgotten: commit, return, release', async () => {
  const batchId = await importFile(rig, codes(0, 10));
  await reserve(rig, 1, 3);
  await commit(rig, 1);
  await rig.clock.advance(3_600_000);
  for (const n of [2, 3, 4]) {
    await reserve(rig, n, 1);
    await commit(rig, n);
    await rig.clock.advance(3_600_000);
  }
  expect(await commit(rig, 1)).toMatchObject({ ok: true, result: { ranges: [{ batchId, from: 0, to: 3 }] } });
  expect(await giveBack(rig, 'rfd_1', 1, [{ batchId, from: 2, to: 3 }])).toMatchObject({ ok: true });
  await rig.clock.advance(7_200_000);
  expect(await giveBack(rig, 'rfd_1', 1, [{ batchId, from: 2, to: 3 }])).toMatchObject({ ok: true });
  expect(await giveBack(rig, 'rfd_2', 1, [{ batchId, from: 1, to: 3 }])).toMatchObject({ ok: false, code: 'UNITS_NOT_OUT' });
  expect(await stock()).toEqual({ free: 5, reserved: 0, sold: 5 });
  await release(rig, 1);
  expect(await stock()).toEqual({ free: 7, reserved: 0, sold: 3 });
  expect(await commit(rig, 1)).toMatchObject({ ok: false, code: 'RESERVATION_RELEASED' });
  expect(await commit(rig, 99)).toMatchObject({ ok: false, code: 'RESERVATION_UNKNOWN' });
});

it('lets reservations lapse by itself', async () => {
  await importFile(rig, codes(0, 10));
  await reserve(rig, 1, 4);
  expect(await stock()).toMatchObject({ free: 6, reserved: 4 });
  await rig.clock.advance(905_000);
  expect(await stock()).toMatchObject({ free: 10, reserved: 0 });
  expect(await commit(rig, 1)).toMatchObject({ ok: false, code: 'RESERVATION_EXPIRED' });
});
