import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type RunningNamespace, startNamespace } from '@vouchsafe/all-in-one';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { SupplierTerms } from '@vouchsafe/proto/catalog/v1/resources';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { silentLog } from '@vouchsafe/runtime';
import { everything, Importer } from './importer.js';
import { residentAfterGc } from './memory.js';
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
const REFERENCE_SECONDS = 0.5;

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
    const importer = new Importer(running, PRODUCT, '1');
    await importer.run(codes); // warm
    const empty = await measured(importer, codes, rounds);
    const before = residentAfterGc();
    while (importer.total < present) await importer.run(Math.min(500_000, present - importer.total));
    const perCode = (residentAfterGc() - before) / Math.max(1, importer.total - codes * (rounds + 1));
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

const aProduct = async ({ rpc }: RunningNamespace): Promise<void> => {
  const name = { zh: '测速', en: 'bench' };
  await rpc.call(CatalogService.method.createSupplier, { supplier: { id: 'sup_bench', name, terms: SupplierTerms.PURCHASED } }, everything());
  await rpc.call(CatalogService.method.createProduct, { product: { id: PRODUCT, kind: ProductKind.CODE, name, currency: 'CNY', supplierId: 'sup_bench', businessLine: 'bench' } }, everything());
};
