import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PERMISSIONS } from '@vouchsafe/access';
import { type RunningNamespace, startNamespace } from '@vouchsafe/all-in-one';
import { instant } from '@vouchsafe/kernel';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { SupplierTerms } from '@vouchsafe/proto/catalog/v1/resources';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { CallContext } from '@vouchsafe/rpc';
import { silentLog } from '@vouchsafe/runtime';
import { bareEncrypts } from './references.js';
import { type Figure, median } from './report.js';

export type ImportBench = {
  /** Codes per measured import. */
  readonly codes: number;
  /** Codes taken in before the second measurement. */
  readonly present: number;
  readonly rounds: number;
};
const PRODUCT = 'prd_bench';
const CHUNK_CODES = 20_000;
const REFERENCE_SECONDS = 0.5;
const DEADLINE_MS = 3_600_000;

/**
 * P9: whole imports (upload, check, seal, complete) against bare AES-GCM encryptions of the same run, with nothing and with many
 * codes present. P13: resident memory that the codes brought, per unsold code.
 */
export const measureImports = async ({ codes, present, rounds }: ImportBench): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-imports-'));
  const running = await startNamespace({
    namespace: 'sandbox', data: path.join(folder, 'data'), keyFile: path.join(folder, 'keys', 'key'), journal: path.join(folder, 'journal'), log: silentLog,
    onFatal: (fault) => { throw fault; }, settings: { inventory: { sealRows: 1_024 } },
  });
  try {
    await running.begin();
    await aProduct(running);
    const importer = new Importer(running);
    await importer.run(codes); // warm
    const empty = await measured(importer, codes, rounds);
    const before = resident();
    while (importer.total < present) await importer.run(Math.min(500_000, present - importer.total));
    const perCode = (resident() - before) / Math.max(1, importer.total - codes * (rounds + 1));
    const full = await measured(importer, codes, rounds);
    return [
      { id: 'P9', what: 'codes imported, nothing present', unit: 'codes/s', goal: 0.2, ...empty },
      { id: 'P9', what: `codes imported, ${importer.total.toLocaleString('en')} present`, unit: 'codes/s', goal: 0.2, ...full },
      { id: 'P13', what: 'memory per unsold code, all in', value: Math.max(0, perCode), unit: 'B', ratio: Math.max(0, perCode), goal: 200, atMost: true, rssBytes: process.memoryUsage().rss },
    ];
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

const measured = async (importer: Importer, codes: number, rounds: number): Promise<Pick<Figure, 'value' | 'ratio' | 'reference'>> => {
  const [rates, references, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const reference = bareEncrypts(REFERENCE_SECONDS);
    const rate = await importer.run(codes);
    rates.push(rate);
    references.push(reference);
    ratios.push(rate / reference);
  }
  return { value: median(rates), ratio: median(ratios), reference: { what: 'AES-GCM encrypts/s', value: median(references) } };
};
const resident = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

class Importer {
  total = 0;
  constructor(readonly running: RunningNamespace) {}

  /** Takes `count` new codes in and puts them on sale; codes per second. */
  async run(count: number): Promise<number> {
    const { rpc } = this.running;
    const { startImport, importCodes, completeImport, getImport } = InventoryService.method;
    const from = performance.now();
    const { importId } = await rpc.call(startImport, { productId: PRODUCT, unitCost: '1' }, context());
    await rpc.upload(importCodes, chunks(importId, this.total, count), context());
    while ((await rpc.call(getImport, { importId }, context())).state === ImportState.PROCESSING) await sleep(5);
    await rpc.call(completeImport, { importId, expectedCodes: BigInt(count) }, context());
    this.total += count;
    return count / ((performance.now() - from) / 1000);
  }
}
async function* chunks(importId: string, from: number, count: number) {
  let offset = 0n;
  for (let at = 0; at < count; at += CHUNK_CODES) {
    const lines = Array.from({ length: Math.min(CHUNK_CODES, count - at) }, (_, i) => `BENCH-${String(from + at + i).padStart(10, '0')}-K7\n`);
    const content = Buffer.from(lines.join(''));
    yield { importId, offset, content, last: at + CHUNK_CODES >= count };
    offset += BigInt(content.length);
  }
}

const context = (): CallContext => ({
  caller: { principalId: 'pri_bench', kind: 'person', namespace: 'sandbox', permissions: new Set(PERMISSIONS) }, requestId: 'req_bench', locale: 'en', deadline: instant(Date.now() + DEADLINE_MS),
});
const aProduct = async ({ rpc }: RunningNamespace): Promise<void> => {
  const name = { zh: '测速', en: 'bench' };
  await rpc.call(CatalogService.method.createSupplier, { supplier: { id: 'sup_bench', name, terms: SupplierTerms.PURCHASED } }, context());
  await rpc.call(CatalogService.method.createProduct, { product: { id: PRODUCT, kind: ProductKind.CODE, name, currency: 'CNY', supplierId: 'sup_bench', businessLine: 'bench' } }, context());
};
