import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { EmbeddedStore, RecordedEvent } from '@vouchsafe/event-store';
import { displayMoney } from '@vouchsafe/kernel';
import { booksInLog, ENTRY_CATEGORIES, journalOfLog } from '@vouchsafe/ledger';
import type { Namespace } from '@vouchsafe/runtime';
import type { Speech } from '../speech.js';
import { Auditor, type Findings } from './auditor.js';
import type { Compared } from './compare-views.js';
import { hledger, hledgerBalances } from './hledger.js';
import { MonthEnd, type MonthEndResult } from './month-end.js';
import { allEvents, openLog } from './open-log.js';
import { checklist } from './present.js';
import { compareViewsApart } from './views-apart.js';

/** One line of a checklist: whether it held, what it promises, and why not. */
export type Check = readonly [ok: boolean, text: string, why: readonly string[]];
/** What was found on a directory after its platform has stopped. */
export type After = {
  readonly findings: Findings;
  readonly views: readonly Compared[];
  readonly monthEnd: readonly MonthEndResult[];
  /** By book, what hledger thinks of our journal; undefined where it is not installed. */
  readonly journals: readonly JournalCheck[] | undefined;
};
export type JournalCheck = { readonly book: string; readonly transactions: number; readonly complaints: readonly string[] };
type Directory = { readonly data: string; readonly namespace: Namespace };

/**
 * The four checks that hold after anything: the auditor finds nothing, every view equals its rebuild, ACCOUNTS.md's month-end
 * invariants hold, and a tool that is not ours reads our journal and adds up to our balances. `watch` sees every event too.
 * Changes nothing in the directory; nothing may be under way in it.
 */
export const auditAfter = async (directory: Directory, watch: (event: RecordedEvent) => void = () => {}): Promise<After> => {
  const { data, namespace } = directory;
  const auditor = new Auditor();
  const monthEnd = new MonthEnd();
  const store = await openLog(data, namespace);
  const work = [compareViewsApart(data, namespace), read()] as const;
  try {
    const [views, { findings, journals }] = await Promise.all(work);
    return { findings, views, monthEnd: monthEnd.results(findings.trialBalance, auditor.inStock()), journals };
  } finally {
    await Promise.allSettled(work); // one that failed does not take the log from under the other
    await store.close();
  }

  async function read(): Promise<Pick<After, 'findings' | 'journals'>> {
    for await (const event of allEvents(store)) {
      auditor.see(event);
      monthEnd.see(event);
      watch(event);
    }
    const findings = auditor.findings();
    return { findings, journals: await checkJournals(store, findings) };
  }
};

const checkJournals = async (store: EmbeddedStore, { trialBalance }: Findings): Promise<readonly JournalCheck[] | undefined> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-journal-'));
  const events = () => allEvents(store, ENTRY_CATEGORIES);
  try {
    const checks: JournalCheck[] = [];
    for (const book of await booksInLog(events)) {
      const file = path.join(folder, `${book}.journal`);
      const written = counted(journalOfLog(events, { bookId: book, format: 'hledger' }));
      await pipeline(Readable.from(written.texts), createWriteStream(file));
      const ours = trialBalance.filter(([of]) => of === book).map(([, currency, account, minor]) => `${account}|${displayMoney({ minor, currency })}|${currency}`);
      const complaints = await complaintsOf(file, ours);
      if (!complaints) return undefined;
      checks.push({ book, transactions: written.count() - 1, complaints }); // its first text is the head
    }
    return checks;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const counted = (texts: AsyncIterable<string>) => {
  let count = 0;
  const through = async function* (): AsyncIterable<string> {
    for await (const text of texts) {
      count++;
      yield text;
    }
  };
  return { texts: through(), count: () => count };
};

/** What hledger says against a journal, and every balance on which it and we differ. Undefined where it is not installed. */
const complaintsOf = async (file: string, ours: readonly string[]): Promise<readonly string[] | undefined> => {
  const [checked, balance] = await Promise.all([hledger(file, 'check', '--strict'), hledger(file, 'balance', '--flat', '--no-total', '--layout=tidy', '-O', 'csv')]);
  if (!checked || !balance) return undefined;
  const theirs = hledgerBalances(balance);
  return [
    ...[checked, balance].filter(({ status }) => status !== 0).map(({ stderr }) => stderr.trim()),
    ...ours.filter((row) => !theirs.includes(row)).map((row) => `only ours: ${row}`), ...theirs.filter((row) => !ours.includes(row)).map((row) => `only hledger's: ${row}`),
  ];
};

/** The checks as lines for a person. */
export const afterChecks = ({ findings, views, monthEnd, journals }: After, t: Speech['t']): readonly Check[] => {
  const differing = views.filter(({ differences }) => differences.length > 0).flatMap(({ collection, differences }) => differences.map((what) => `${collection}: ${what}`));
  const broken = monthEnd.filter(({ ok }) => !ok).map(({ book, name, currency, books, counted }) => `${book} ${name} ${currency}: ${t('账上', 'books')} ${books}, ${t('另计', 'counted')} ${counted}`);
  const complaints = (journals ?? []).flatMap(({ book, complaints: some }) => some.map((what) => `${book}: ${what}`));
  const journal = journals === undefined
    ? t('日记账未核对：未安装 hledger', 'journal not checked: hledger is not installed')
    : t(`hledger 核对日记账，余额与我方一致（${sum(journals)} 笔）`, `hledger checks the journal and finds our balances (${sum(journals)} entries)`);
  return [
    ...checklist(findings, t),
    [differing.length === 0, t(`视图 = 重建（${views.length} 个）`, `views rebuilt = live (${views.length})`), differing],
    [broken.length === 0, t(`月结等式成立（${monthEnd.length} 项）`, `the month-end invariants hold (${monthEnd.length})`), broken],
    [complaints.length === 0, journal, complaints],
  ];
};
const sum = (journals: readonly JournalCheck[]): number => journals.reduce((total, { transactions }) => total + transactions, 0);

/** What did not hold, in one list; empty: everything did. */
export const broken = (after: After, t: Speech['t']): readonly string[] =>
  afterChecks(after, t).flatMap(([ok, text, why]) => (ok ? [] : [text, ...why]));
