import { spawnSync } from 'node:child_process';
import { START } from '@vouchsafe/event-store';
import { displayMoney } from '@vouchsafe/kernel';
import { aDelivery, aPart, cny, theDims } from '../testing/builders.js';
import { type House, MINUTE_MS, openHouse, PREPAID } from '../testing/counting-house.js';
import { booksInLog, ENTRY_CATEGORIES, journalOfLog } from '../adapters/log-journal.js';
import { csvRows } from './export-csv.js';
import { hledgerTransaction } from './export-hledger.js';

const CNY = (minor: number) => ({ currency: 'CNY', minor: BigInt(minor) });
const utf8 = { ...process.env, LC_ALL: 'C.UTF-8' };
const hledgerThere = spawnSync('hledger', ['--version'], { env: utf8 }).status === 0;
/** Skipped where the tool is not installed (Debian: `apt-get install hledger`). */
const withHledger = (name: string, test: () => Promise<void>): void => (hledgerThere ? it(name, test) : it.skip(`${name} (skipped: hledger is not installed)`, test));
/** Cells of a row of CSV. */
const cellsOf = (row: string): readonly string[] => [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

/** A book with a bit of everything: two currencies, one without decimals; memos; a correction; a late entry; notes that try things. */
const furnish = async (): Promise<void> => {
  const { rpc, clock } = house.ports;
  const late = clock.now();
  await house.deposit(100_000, 'wire 1; order:fake, x\u2028y');
  const { entry } = await house.deposit(500, 'wire 2');
  await rpc.call(house.rpc.createDeposit, { channelId: 'chn_other', amount: { currency: 'JPY', minor: 5_000n }, bank: 'mufg', bankReference: '=1+1' }, house.as());
  for (let i = 0; i < 5; i++) {
    await house.hold({ holdId: `ord_${i}`, orderId: `ord_${i}` });
    const usd = { cost: { minor: 120n + BigInt(i), currency: 'USD' }, inputTax: { minor: 0n, currency: 'USD' }, owed: { minor: 0n, currency: 'USD' } };
    await house.capture({ holdId: `ord_${i}`, captureId: `ord_${i}/1`, fact: aDelivery({ dims: { ...theDims, orderId: `ord_${i}` }, parts: [aPart(i % 2 ? usd : {})] }) });
  }
  await house.post({ factId: 'memo', occurredAt: late, fact: { type: 'BatchCompleted', dims: { ...theDims, supplierId: 'sup_a' }, terms: 'consignment', presentation: 'agent', cost: cny(1), inputTax: cny(0), fromPrepayment: false } });
  await rpc.call(house.rpc.createAdjustment, { mirroredEntryId: entry!.entryId, reason: '@SUM(A1) 冲回', requestId: 'r1' }, house.as());
  await rpc.call(house.rpc.recordReceipt, { receipt: { case: 'unidentified', value: { bookId: 'bok_main' } }, amount: CNY(77), bank: 'icbc', bankReference: '+8613800000000' }, house.as());
  clock.jump(10 * 24 * 60 * MINUTE_MS);
  await rpc.call(house.rpc.closePeriod, { bookId: 'bok_main', period: '2026-11' }, house.as());
  await house.post({ factId: 'pay_late', occurredAt: late, fact: { type: 'ConsumerPaid', dims: theDims, paymentId: 'p', provider: 'alipay', received: cny(70), fee: cny(1), feeTax: cny(0) } });
};
const exported = async (format: number, range: object = {}): Promise<string> => {
  let text = '';
  for await (const piece of house.ports.rpc.stream(house.rpc.exportJournal, { bookId: 'bok_main', format, ...range }, house.as())) text += piece.text;
  return text;
};
const hledger = (journal: string, ...args: readonly string[]) => spawnSync('hledger', ['-f', '-', ...args], { input: journal, env: utf8, encoding: 'utf8' });

withHledger('hledger checks the exported journal, strictly, and finds our balances', async () => {
  await furnish();
  const journal = await exported(1);
  const checked = hledger(journal, 'check', '--strict', 'ordereddates');
  expect({ status: checked.status, stderr: checked.stderr }).toEqual({ status: 0, stderr: '' });
  const { lines } = await house.ports.rpc.call(house.rpc.getTrialBalance, { bookId: 'bok_main' }, house.as());
  const ours = lines.filter(({ balance }) => balance!.minor !== 0n).map(({ account, balance }) => `${account}|${displayMoney(balance!)}|${balance!.currency}`);
  const rows = hledger(journal, 'balance', '--flat', '--no-total', '--layout=tidy', '-O', 'csv').stdout.trim().split('\n').slice(1);
  const theirs = rows.map((row) => row.split(',').map((cell) => cell.replaceAll('"', ''))).filter((cells) => Number(cells[5]) !== 0)
    .map((cells) => `${cells[0]}|${cells[5]}|${cells[4]}`);
  expect(theirs.length).toBeGreaterThan(10);
  expect([...theirs].sort()).toEqual([...ours].sort());
});

withHledger('hledger reads nobody\'s note as a posting, a tag or a second entry', async () => {
  await furnish();
  const journal = await exported(1);
  expect(hledger(journal, 'print', 'tag:order=fake').stdout.trim()).toBe('');
  expect(hledger(journal, 'print', 'tag:order=ord_1').stdout).toContain('Delivered');
  const evil = { stream: 's', revision: 0, entry: { factId: 'f\n2026-01-01 evil', kind: 'Adjusted', bookId: 'bok_main', occurredAt: house.ports.clock.now(), businessDate: '2026-11-24' as never, note: 'x\n    income:sales  5 CNY', postings: [{ account: 'income:sales', minor: 0n, currency: 'CNY', dims: {} }] } };
  expect(hledgerTransaction(evil).trim().split('\n')).toHaveLength(3);
});

it('leaves out what moves nothing, such as a batch without cost: no entry without postings in either format', async () => {
  await furnish();
  const free = { type: 'BatchCompleted', dims: { ...theDims, supplierId: 'sup_a' }, terms: 'purchased', presentation: 'principal', cost: cny(0), inputTax: cny(0), fromPrepayment: false } as const;
  await house.post({ factId: 'free', occurredAt: house.ports.clock.now(), fact: free });
  const events = async function* () {
    for (let after = START; ; ) {
      const page = await house.ports.store.readAll({ after, categories: ENTRY_CATEGORIES, max: 50 });
      yield* page.events;
      if (page.atEnd) return;
      after = page.next;
    }
  };
  let ofLog = '';
  for await (const piece of journalOfLog(events, { bookId: 'bok_main', format: 'hledger' })) ofLog += piece;
  for (const journal of [await exported(1), ofLog]) {
    const transactions = journal.trim().split('\n\n').slice(1);
    expect(transactions.length).toBeGreaterThan(8);
    for (const transaction of transactions) expect(transaction.trim().split('\n').length).toBeGreaterThanOrEqual(4);
    expect(journal).not.toMatch(/fact:(free|memo)\b/);
  }
  const rows = (await exported(2)).trim().split('\n').slice(1);
  expect(rows.filter((row) => /,(free|memo),/.test(row) || cellsOf(row)[10] === '')).toEqual([]);
});

it('counts late entries on the day booked and shows their own beside it', async () => {
  await furnish();
  const journal = await exported(1, { from: '2026-12-01' });
  expect(journal).toContain('2026-12-01=2026-11-24 (ent_');
  expect(journal).not.toContain('Deposited');
});

it('exports one row per posting, debits equal to credits in every currency', async () => {
  await furnish();
  const [head, ...rows] = (await exported(2)).trim().split('\n');
  const columns = head!.split(',');
  const sums = new Map<string, bigint>();
  for (const row of rows) {
    const cells = cellsOf(row);
    const cell = (name: string): string => cells[columns.indexOf(name)]!;
    const minor = (text: string): bigint => BigInt(text === '' ? 0 : text.replace('.', ''));
    sums.set(cell('currency'), (sums.get(cell('currency')) ?? 0n) + minor(cell('debit')) - minor(cell('credit')));
  }
  expect(rows.length).toBeGreaterThan(30);
  expect([...sums]).toEqual([...sums.keys()].map((currency) => [currency, 0n]));
  expect(head).toContain('caption_zh');
  expect(rows[0]).toContain('银行存款');
});

it.each(['=1+1', '+86138', '-2+3', '@SUM(A1)', '\tx', '＝1', 'a,"b"'])('makes text of a cell that a spreadsheet would run: %s', (note) => {
  const posting = { account: 'income:sales', minor: -5n, currency: 'CNY', dims: { batchId: note } };
  const entry = { factId: 'f', kind: 'Adjusted', bookId: 'bok_main', occurredAt: house.ports.clock.now(), businessDate: '2026-11-24' as never, note, postings: [posting] };
  const row = csvRows({ stream: 's', revision: 0, entry }).trimEnd();
  expect(row).not.toMatch(/(^|,)"?[=+\-@\t\r＝＋－＠]/u);
  expect(row.split('\n')).toHaveLength(1);
});

it('writes the same entries from the log alone, for a stopped directory', async () => {
  await furnish();
  const events = async function* () {
    for (let after = START; ; ) {
      const page = await house.ports.store.readAll({ after, categories: ENTRY_CATEGORIES, max: 50 });
      yield* page.events;
      if (page.atEnd) return;
      after = page.next;
    }
  };
  expect(await booksInLog(events)).toEqual(['bok_main']);
  for (const [format, number, between] of [['hledger', 1, '\n\n'], ['csv', 2, '\n']] as const) {
    let text = '';
    for await (const piece of journalOfLog(events, { bookId: 'bok_main', format })) text += piece;
    const parts = (journal: string) => journal.trim().split(between);
    const [head, ...entries] = parts(text);
    const [served, ...others] = parts(await exported(number));
    // By day there, by position here.
    expect([head!.split('\n').sort(), [...entries].sort()]).toEqual([served!.split('\n').sort(), [...others].sort()]);
  }
});

it('holds what is exported equal to the account a channel is shown', async () => {
  await furnish();
  const { posted } = await house.ports.rpc.call(house.rpc.getAccount, { accountId: PREPAID }, house.as());
  const rows = (await exported(2)).split('\n').filter((row) => row.includes('liabilities:channel:prepaid:chn_shop'));
  expect(rows.length).toBeGreaterThan(5);
  expect(posted!.minor).toBe(100_000n - 5n * 1130n);
});
