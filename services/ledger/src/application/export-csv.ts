import { displayMoney, toRfc3339 } from '@vouchsafe/kernel';
import { stringify } from 'csv-stringify/sync';
import { captionOf } from '../domain/chart.js';
import { dayOf, type Posting } from '../domain/entry.js';
import { entryIdOf } from './entry-id.js';
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

const rowOf = ({ entry, accountId }: LocatedEntry, { account, minor, currency, dims }: Posting): readonly string[] => {
  const caption = captionOf(account);
  const amount = displayMoney({ minor: minor < 0n ? -minor : minor, currency });
  return [
    dayOf(entry), entry.businessDate, toRfc3339(entry.occurredAt), entryIdOf(accountId ?? entry.bookId, entry.factId), entry.kind, entry.factId, entry.mirrors ?? '',
    entry.channelId ?? '', entry.orderId ?? '', entry.lineId ?? '', account, caption?.zh ?? '', caption?.en ?? '', currency,
    minor > 0n ? amount : '', minor < 0n ? amount : '', dims.businessLine ?? '', dims.productId ?? '', dims.supplierId ?? '', dims.batchId ?? '', entry.note ?? '',
  ];
};
