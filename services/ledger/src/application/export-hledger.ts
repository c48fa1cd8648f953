import { displayMoney, exponentOf, toRfc3339 } from '@vouchsafe/kernel';
import { dayOf, type Posting } from '../domain/entry.js';
import { entryIdOf } from '../projections/entry-id.js';
import type { LocatedEntry } from './entries.js';

/** What the beginning of a journal names: every account and currency used in it. */
export type JournalHead = { readonly bookId: string; readonly accounts: readonly string[]; readonly currencies: readonly string[] };

/** The head of an hledger journal, such that `hledger check --strict` knows all its names. */
export const hledgerHead = ({ bookId, accounts, currencies }: JournalHead): string => [
  `; Book ${bookId}. Dates are the days booked; a second date is the day an entry that came late belongs to.`,
  ...currencies.map((currency) => `commodity 1000.${'0'.repeat(exponentOf(currency))} ${currency}`),
  ...accounts.map((account) => `account ${account}`),
  '', '',
].join('\n');

/** One entry as an hledger transaction. A memo (stock without cost, goods on consignment) moves nothing and is none: empty text. */
export const hledgerTransaction = ({ entry, accountId }: LocatedEntry): string => {
  if (entry.postings.length === 0) return '';
  const { bookId, factId, businessDate, kind } = entry;
  const date = dayOf(entry) === businessDate ? businessDate : `${dayOf(entry)}=${businessDate}`;
  const tags = tagsOf({
    fact: factId, channel: entry.channelId, order: entry.orderId, line: entry.lineId, occurred: toRfc3339(entry.occurredAt), mirrors: entry.mirrors, note: entry.note,
  });
  const head = `${date} (${entryIdOf(accountId ?? bookId, factId)}) ${kind}`;
  return [head, `    ; ${tags}`, ...entry.postings.map(postingLine), '', ''].join('\n');
};

const postingLine = ({ account, minor, currency, dims }: Posting): string => {
  const tags = tagsOf({ 'business-line': dims.businessLine, product: dims.productId, supplier: dims.supplierId, batch: dims.batchId });
  const amount = displayMoney({ minor, currency });
  return `    ${account}  ${amount} ${currency}${tags === '' ? '' : `  ; ${tags}`}`;
};

/** `name:value, …`; hledger ends a value at a comma or the line's end. */
const tagsOf = (tags: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(tags).flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${plain(value)}`])).join(', ');
// Whoever wrote a note must not be able to write a line of the journal, or another tag.
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').replaceAll(',', '，');
