import { displayMoney, toRfc3339 } from '@vouchsafe/kernel';
import { stringify } from 'csv-stringify/sync';
import { captionOf } from '../domain/chart.js';
import { dayOf, type Posting } from '../domain/entry.js';
import { entryIdOf } from '../projections/entry-id.js';
import type { LocatedEntry } from './entries.js';

const COLUMNS = [
  'booked_on', 'business_date', 'occurred_at', 'entry_id', 'kind', 'fact_id', 'mirrors', 'channel_id', 'order_id', 'line_id', 'account', 'caption_zh',
  'caption_en', 'currency', 'debit', 'credit', 'business_line', 'product_id', 'supplier_id', 'batch_id', 'note',
] as const;

export const csvHead = (): string => stringify([COLUMNS]);

/** The rows of one entry, one per posting (a memo has none). Debit and credit are columns of their own, so no amount begins with a sign. */
export const csvRows = (located: LocatedEntry): string =>
  // escape_formulas: a cell that a spreadsheet would run gets an apostrophe before it (OWASP, CSV injection).
  stringify(located.entry.postings.map((posting) => rowOf(located, posting)), { escape_formulas: true });

const rowOf = (located: LocatedEntry, { account, minor, currency, dims }: Posting): readonly string[] => {
  const caption = captionOf(account);
  const amount = displayMoney({ minor: minor < 0n ? -minor : minor, currency });
  const cells: Partial<Record<(typeof COLUMNS)[number], string>> = {
    ...headOf(located), account, caption_zh: caption?.zh, caption_en: caption?.en, currency, [minor > 0n ? 'debit' : 'credit']: amount,
    business_line: dims.businessLine, product_id: dims.productId, supplier_id: dims.supplierId, batch_id: dims.batchId,
  };
  return COLUMNS.map((name) => cells[name] ?? '');
};

const headOf = ({ entry, accountId }: LocatedEntry): Partial<Record<(typeof COLUMNS)[number], string>> => ({
  booked_on: dayOf(entry), business_date: entry.businessDate, occurred_at: toRfc3339(entry.occurredAt),
  entry_id: entryIdOf(accountId ?? entry.bookId, entry.factId), kind: entry.kind, fact_id: entry.factId, mirrors: entry.mirrors,
  channel_id: entry.channelId, order_id: entry.orderId, line_id: entry.lineId, note: entry.note,
});
