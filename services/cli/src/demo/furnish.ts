import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { CatalogDocumentSchema, CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { parse } from 'yaml';
import type { Connection } from '../client/connection.js';
import { importFile } from '../client/import-file.js';
import { mintVouchers } from '../client/mint.js';

const ROOT = path.resolve(__dirname, '../../../..');
export const EXAMPLE_CATALOG = path.join(ROOT, 'deploy', 'examples', 'catalog.yaml');

/** `count` made-up codes that no run makes twice under one `salt`. */
export const sampleCodes = (salt: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => createHash('sha256').update(`${salt}/${i}`).digest('base64url').replace(/[-_]/g, 'x').slice(0, 16).toUpperCase() + i.toString(36).toUpperCase());

export type Delivery = {
  readonly folder: string; readonly salt: string; readonly product: string; readonly supplier: string; readonly count: number; readonly unitCost: string;
  /** How often the import is asked how far it is. */
  readonly pollMs?: number;
};
/** Writes a file of codes with a header and imports it; the batch's id. */
export const stockUp = async (admin: Connection, { folder, salt, product, supplier, count, unitCost, pollMs }: Delivery): Promise<string> => {
  const file = path.join(folder, `${salt}.csv`);
  writeFileSync(file, `code\n${sampleCodes(salt, count).join('\n')}\n`, { mode: 0o600 });
  const { batchId } = await importFile(admin, file, { product, supplier, unitCost, ...(pollMs !== undefined && { pollMs }) });
  return batchId;
};

export type Stock = { readonly months: number; readonly seats: number; readonly coffee: number; readonly tens: number };

/** The example catalogue, money on the accounts, codes imported from files, own vouchers minted. */
export const furnish = async (admin: Connection, folder: string, stock: Stock): Promise<void> => {
  const yaml = parse(readFileSync(EXAMPLE_CATALOG, 'utf8')) as JsonValue;
  await admin.call(CatalogService.method.applyCatalog, { document: fromJson(CatalogDocumentSchema, yaml) });
  await admin.call(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: { minor: 100_000_000n, currency: 'CNY' }, bank: 'icbc', bankReference: 'DEMO-1' });
  await admin.call(LedgerService.method.updateCreditLimit, { channelId: 'chn_corp', limit: { minor: 100_000_000n, currency: 'CNY' } });
  await stockUp(admin, { folder, salt: 'video-month', product: 'prd_video-month', supplier: 'sup_video', count: stock.months, unitCost: '16.00' });
  await stockUp(admin, { folder, salt: 'course-seat', product: 'prd_course-seat', supplier: 'sup_course', count: stock.seats, unitCost: '0' });
  await mintVouchers(admin, 'prd_coffee', stock.coffee);
  await mintVouchers(admin, 'prd_coffee-ten', stock.tens);
};
