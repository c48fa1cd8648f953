import { consume } from '@vouchsafe/bus';
import { type InventoryIntegrationEvent, inventoryEvents } from '@vouchsafe/contracts';
import { START } from '@vouchsafe/event-store';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type CollectionSpec, type Doc, type ReadStore, sqliteReadStore, startProjections } from '@vouchsafe/read-store';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { isChecked } from './application/minting.js';
import { inventoryProjections } from './create-inventory.js';
import { codes, commit, giveBack, importFile, inventoryRig, PRODUCT, release, reserve, type Rig } from './testing/rig.js';

const { getStock, listStock, mintVouchers, getJob, recallBatch, voidVoucher, takeStock, exportSecrets, eraseBatch, getBatch, listBatches, listImports } = InventoryService.method;
let rig: Rig;
let heard: InventoryIntegrationEvent[];
beforeEach(async () => {
  rig = await inventoryRig({ sealRows: 64 });
  heard = [];
  await consume({
    bus: rig.bus, group: 'ledger', contexts: ['inventory'], readStore: rig.readStore, codec: inventoryEvents, log: rig.log, clock: rig.clock,
    on: async (event) => { heard.push(event); },
  });
  await rig.inventory.start();
});
afterEach(async () => {
  await rig.inventory.stop();
  await rig.close();
});
const stock = async (productId = PRODUCT): Promise<{ free: number; sold: number; lost: number }> => {
  const { free, sold, lost } = await rig.rpc.call(getStock, { productId }, rig.context);
  return { free: Number(free), sold: Number(sold), lost: Number(lost) };
};
const mint = async (quantity: number, more = {}): Promise<string> => {
  const { jobId } = await rig.rpc.call(mintVouchers, { productId: 'prd_own', quantity, ...more }, rig.context);
  for (;;) {
    const job = await rig.rpc.call(getJob, { jobId }, rig.context);
    if (job.state === ImportState.COMPLETED) return job.batchId;
    await rig.clock.advance(10);
  }
};
const names = async (batchId: string, ...indexes: number[]): Promise<string[]> =>
  (await rig.rpc.call(SecretsService.method.nameUnits, { units: indexes.map((index) => ({ batchId, index: BigInt(index) })) }, rig.context)).voucherIds;
const losses = () => heard.filter((event) => event.type === 'StockLost');

describe('minting', () => {
  it('makes codes with a check character, no two alike, and puts them on sale', async () => {
    const batchId = await mint(300);
    expect(await stock('prd_own')).toMatchObject({ free: 300 });
    const made = (await rig.vault.open([{ batchId, from: 0, to: 300 }])).map(({ code }) => code);
    expect(new Set(made).size).toBe(300);
    for (const code of made) {
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]$/);
      expect(isChecked(code, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')).toBe(true);
    }
    expect((await rig.rpc.call(SecretsService.method.findByCode, { code: made[7]!.toLowerCase().replaceAll('-', ' ') }, rig.context)).unit).toMatchObject({ batchId, index: 7n });
  });
  it('refuses codes that could be guessed, confusing alphabets and wrong patterns', async () => {
    const refused = (more: object) => expect(rig.rpc.call(mintVouchers, { productId: 'prd_own', quantity: 1, ...more }, rig.context)).rejects;
    await refused({ pattern: '********' }).toMatchObject({ code: 'ENTROPY_TOO_LOW' });
    await refused({ alphabet: '0O23456789ABC' }).toMatchObject({ code: 'ALPHABET_CONFUSING' });
    await refused({ pattern: '****-****-****-****-##' }).toMatchObject({ code: 'PATTERN_INVALID' });
    await refused({ productId: PRODUCT }).toMatchObject({ code: 'PRODUCT_NOT_MINTED' });
  });
});

describe('taking stock off sale', () => {
  it('recalls a batch: free units leave, reserved ones are freed, sold ones are counted, the loss is told once', async () => {
    const batchId = await importFile(rig, codes(0, 10), { unitCost: '1.13' });
    await reserve(rig, 1, 2);
    await commit(rig, 1);
    await reserve(rig, 2, 3);
    for (let i = 0; i < 2; i++) {
      const answer = await rig.rpc.call(recallBatch, { batchId, reason: 'supplier withdrew them', requestId: 'r1' }, rig.context);
      expect([Number(answer.withdrawn), Number(answer.alreadySold), answer.batch!.recalled]).toEqual([i === 0 ? 8 : 0, 2, true]);
    }
    expect(await stock()).toEqual({ free: 0, sold: 2, lost: 8 });
    await rig.clock.advance(1_000);
    expect(losses()).toMatchObject([{ quantity: 8, cost: { minor: 800n }, inputTax: { minor: 104n }, reason: 'recalled' }]);
  });
  it('voids one voucher, not one that is sold, and says the same when asked again', async () => {
    const batchId = await importFile(rig, codes(0, 5));
    await reserve(rig, 1, 1);
    await commit(rig, 1);
    const [sold, free] = await names(batchId, 0, 3);
    await expect(rig.rpc.call(voidVoucher, { voucherId: sold, reason: 'x' }, rig.context)).rejects.toMatchObject({ code: 'VOUCHER_NOT_FREE' });
    for (let i = 0; i < 2; i++) expect(await rig.rpc.call(voidVoucher, { voucherId: free, reason: 'printed wrong' }, rig.context)).toMatchObject({ voided: true });
    expect(await stock()).toEqual({ free: 3, sold: 1, lost: 1 });
    await expect(rig.rpc.call(voidVoucher, { voucherId: 'vch_00000000000000000000000000', reason: 'x' }, rig.context)).rejects.toMatchObject({ code: 'VOUCHER_UNKNOWN' });
  });
  it('takes stock against the provider’s list', async () => {
    const batchId = await importFile(rig, codes(0, 6));
    await reserve(rig, 1, 1);
    await commit(rig, 1);
    const missing = await names(batchId, 0, 2, 3);
    const { withdrawn, notFreeVoucherIds } = await rig.rpc.call(takeStock, { batchId, missingVoucherIds: missing, reason: 'gone at the provider' }, rig.context);
    expect([Number(withdrawn), notFreeVoucherIds]).toEqual([2, [missing[0]]]);
  });
  it('only looks when asked to validate', async () => {
    const batchId = await importFile(rig, codes(0, 6));
    const answer = await rig.rpc.call(recallBatch, { batchId, reason: 'x', validateOnly: true }, rig.context);
    expect([Number(answer.withdrawn), Number(answer.alreadySold)]).toEqual([6, 0]);
    expect(await stock()).toMatchObject({ free: 6 });
  });
  it('writes expired stock off by itself and tells the ledger', async () => {
    await importFile(rig, 'AAAA1,2026-03-02\nBBBB2,2026-03-03\n');
    await rig.clock.advance(24 * 3_600_000);
    expect(await stock()).toMatchObject({ free: 1, lost: 1 });
    expect(losses()).toMatchObject([{ quantity: 1, reason: 'expired' }]);
  });
});

describe('exporting and erasing', () => {
  it('hands minted codes to one recipient, encrypted to their key; they leave stock; a repeat gets them again', async () => {
    const batchId = await mint(10);
    const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256', { extractable: true });
    const recipientJwk = JSON.stringify(await exportJWK(publicKey));
    const ask = { batchId, from: 2n, to: 5n, recipientJwk, reason: 'printing', requestId: 'x1' };
    for (let i = 0; i < 2; i++) {
      const { jwe } = await rig.rpc.call(exportSecrets, ask, rig.context);
      const lines = new TextDecoder().decode((await compactDecrypt(jwe, privateKey)).plaintext).split('\n').map((line) => JSON.parse(line) as { code: string });
      expect(lines.map(({ code }) => code)).toEqual((await rig.vault.open([{ batchId, from: 2, to: 5 }])).map(({ code }) => code));
    }
    expect(await stock('prd_own')).toMatchObject({ free: 7, lost: 3 });
    await expect(rig.rpc.call(exportSecrets, { ...ask, requestId: 'x2' }, rig.context)).rejects.toMatchObject({ code: 'UNITS_NOT_FREE' });
    await expect(rig.rpc.call(exportSecrets, { ...ask, from: 6n, to: 7n, recipientJwk: JSON.stringify(await exportJWK(privateKey)), requestId: 'x3' }, rig.context)).rejects.toMatchObject({ code: 'RECIPIENT_KEY_INVALID' });
    const imported = await importFile(rig, codes(0, 3));
    await expect(rig.rpc.call(exportSecrets, { ...ask, batchId: imported, requestId: 'x4' }, rig.context)).rejects.toMatchObject({ code: 'BATCH_NOT_MINTED' });
  });
  it('erases a batch for good, says what is lost, and sells none of it any more', async () => {
    const batchId = await importFile(rig, codes(0, 3));
    const { hashesDeleted, consequence } = await rig.rpc.call(eraseBatch, { batchId, reason: 'contract ended' }, rig.context);
    expect([Number(hashesDeleted), consequence!.en]).toEqual([3, expect.stringContaining('will not be recognised')]);
    expect(await stock()).toMatchObject({ free: 0, lost: 3 });
    await expect(rig.vault.open([{ batchId, from: 0, to: 1 }])).rejects.toMatchObject({ code: 'KEY_ERASED' });
  });
});

it('tells the others what they need: a batch is complete with its cost, stock is there, low, gone', async () => {
  const batchId = await importFile(rig, codes(0, 4), { unitCost: '1.13' });
  await reserve(rig, 1, 2);
  await reserve(rig, 2, 2);
  await rig.clock.advance(1_000);
  const bare = { productId: PRODUCT };
  expect(heard).toEqual([
    {
      type: 'BatchCompleted', batchId, ...bare, supplierId: 'sup_leaf', bookId: 'book_main', businessLine: 'tea', terms: 'purchased', presentation: 'principal',
      quantity: 4, cost: { minor: 400n, currency: 'CNY' }, inputTax: { minor: 52n, currency: 'CNY' }, fromPrepayment: 0,
    },
    { type: 'StockAvailable', ...bare, free: 4 }, { type: 'StockLow', ...bare, free: 2 }, { type: 'StockExhausted', ...bare, free: 0 },
  ]);
});

it('gives every use of a reusable code to another order', async () => {
  const batchId = await importFile(rig, codes(0, 2), { usesPerCode: 3 });
  expect(await stock()).toMatchObject({ free: 6 });
  await reserve(rig, 1, 4);
  expect(await commit(rig, 1)).toMatchObject({ result: { ranges: [{ batchId, from: 0, to: 4 }] } });
  expect(await rig.rpc.call(SecretsService.method.findByCode, { code: 'CODE-00001' }, rig.context)).toMatchObject({ unit: { index: 3n }, uses: 3 });
});

it('lists stock, batches and imports in pages', async () => {
  const made = [await importFile(rig, codes(0, 3))];
  for (let i = 1; i < 5; i++) {
    await rig.clock.advance(1_000);
    made.push(await importFile(rig, codes(i * 10, i * 10 + 2)));
  }
  await getBatchSoon(made[4]!);
  const first = await rig.rpc.call(listBatches, { pageSize: 3, filter: `product_id="${PRODUCT}"` }, rig.context);
  const second = await rig.rpc.call(listBatches, { pageSize: 3, filter: `product_id="${PRODUCT}"`, pageToken: first.nextPageToken }, rig.context);
  expect([...first.batches, ...second.batches].map(({ batchId }) => batchId)).toEqual(made.toReversed());
  expect(second.nextPageToken).toBe('');
  expect((await rig.rpc.call(listImports, { filter: 'state="COMPLETED"', orderBy: 'started_at' }, rig.context)).imports.map(({ batchId }) => batchId)).toEqual(made);
  expect((await rig.rpc.call(listStock, { filter: 'held=false' }, rig.context)).stock.map(({ free }) => Number(free))).toEqual([11]);
  await expect(rig.rpc.call(listBatches, { filter: 'colour="red"' }, rig.context)).rejects.toMatchObject({ code: 'FILTER_INVALID' });
  await expect(rig.rpc.call(listBatches, { pageToken: 'nonsense' }, rig.context)).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID' });
});
/** Views lag a moment; reading one batch waits for them. */
const getBatchSoon = (batchId: string) => rig.rpc.call(getBatch, { batchId }, rig.context);

it('keeps views that are equal to their rebuild, and no code in events, journal, uploads or views', async () => {
  const batchId = await importFile(rig, codes(0, 20));
  await mint(5);
  for (const n of [1, 2, 3]) await reserve(rig, n, 2, n === 3 ? { buyerToken: 'tok_anna', buyerLimit: 5 } : {});
  await commit(rig, 1);
  await release(rig, 3);
  await giveBack(rig, 'rfd_1', 1, [{ batchId, from: 0, to: 1 }]);
  await rig.rpc.call(recallBatch, { batchId, reason: 'bad' }, rig.context);
  await rig.clock.advance(20_000);
  const afresh = sqliteReadStore({ file: ':memory:', log: rig.log });
  const runner = await startProjections({ ...rig, readStore: afresh, name: 'again', projections: inventoryProjections() });
  await runner.caughtUp();
  for (const { collection } of inventoryProjections()) expect(await contents(afresh, collection)).toEqual(await contents(rig.readStore, collection));
  await runner.stop();
  const { events } = await rig.store.readAll({ after: START, max: 10_000 });
  const told = [events.map(({ canonical }) => Buffer.from(canonical).toString()), JSON.stringify(await contents(rig.readStore, inventoryProjections()[0]!.collection), printed)];
  for await (const record of rig.journal.read()) told.push(JSON.stringify(record, printed));
  expect(told.join()).not.toMatch(/CODE-\d/);
  await afresh.close();
});
const printed = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
const contents = async (from: ReadStore, spec: CollectionSpec): Promise<readonly Doc<unknown>[]> => (await from.collection(spec)).find({ limit: 1_000 });
