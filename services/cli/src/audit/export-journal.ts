import type { RecordedEvent } from '@vouchsafe/event-store';
import { displayMoney } from '@vouchsafe/kernel';

type Line = readonly [account: string, minor: string, dims: number, currency?: string];
type StoredEntry = {
  readonly id: string; readonly kind: string; readonly book: string; readonly channel?: string; readonly order?: string; readonly date: string; readonly booked?: string;
  readonly currency?: string; readonly dims?: readonly (readonly (string | null)[])[]; readonly postings?: readonly Line[];
};

/** Characters that hledger reads as syntax are taken out of what is only a description. */
const plain = (text: string): string => text.replace(/[;|\r\n]/g, ' ');
/** A cell that a spreadsheet would take for a formula is made text (OWASP, CSV injection). */
const cell = (text: string): string => {
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const asCell = (text: string | null | undefined): string => (text && /^-?\d+(\.\d+)?$/.test(text) ? text : cell(text ?? ''));

/** Every entry of the log as an hledger journal (https://hledger.org/hledger.html#journal) or CSV. */
export async function* exportJournal(events: AsyncIterable<RecordedEvent>, format: 'hledger' | 'csv'): AsyncIterable<string> {
  if (format === 'csv') yield 'date,booked,entry,kind,book,channel,order,account,currency,minor,amount,business_line,product,supplier,batch';
  for await (const event of events) {
    const name = event.type.split('.')[1];
    if (name !== 'FundsCaptured' && name !== 'EntryPosted') continue;
    const { entry } = event.data as unknown as { readonly entry: StoredEntry };
    if (format === 'hledger') yield* asJournal(entry, event);
    else yield* asRows(entry);
  }
}

function* asJournal(entry: StoredEntry, { id }: RecordedEvent): Iterable<string> {
  const tags = [`book:${entry.book}`, entry.channel && `channel:${entry.channel}`, entry.order && `order:${entry.order}`, `event:${id}`].filter(Boolean).join(', ');
  yield `${entry.booked ?? entry.date} ${plain(entry.kind)}  ; ${tags}`;
  for (const [account, minor, , other] of entry.postings ?? []) {
    const currency = other ?? entry.currency ?? '';
    yield `    ${entry.book}:${account}  ${displayMoney({ minor: BigInt(minor), currency })} ${currency}`;
  }
  yield '';
}

function* asRows(entry: StoredEntry): Iterable<string> {
  for (const [account, minor, dims, other] of entry.postings ?? []) {
    const currency = other ?? entry.currency ?? '';
    const dimensions = entry.dims?.[dims] ?? [null, null, null, null];
    const cells = [entry.date, entry.booked ?? entry.date, entry.id, entry.kind, entry.book, entry.channel, entry.order, account, currency, minor, displayMoney({ minor: BigInt(minor), currency }), ...dimensions];
    yield cells.map(asCell).join(',');
  }
}
