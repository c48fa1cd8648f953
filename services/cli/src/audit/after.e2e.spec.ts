import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { instant } from '@vouchsafe/kernel';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { Posting_Side } from '@vouchsafe/proto/ledger/v1/resources';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { applyCatalog } from '../client/apply-catalog.js';
import { EXAMPLE_CATALOG, stockUp } from '../demo/furnish.js';
import { createSpeech } from '../speech.js';
import { settled } from '../trace/settled.js';
import { Stage } from '../trace/stage.js';
import { afterChecks, auditAfter, broken } from './after.js';

const { t } = createSpeech('en', false, { out: () => {}, err: () => {} });
const money = (minor: bigint) => ({ minor, currency: 'CNY' });
let stage: Stage;

/** A platform that sold three codes and was stopped. */
beforeAll(async () => {
  stage = await Stage.open({ start: instant(Date.UTC(2026, 2, 2, 1)), channels: ['chn_dist'], terminals: [] });
  const admin = stage.as('admin');
  await applyCatalog(admin, EXAMPLE_CATALOG);
  await admin.call(LedgerService.method.createDeposit, { channelId: 'chn_dist', amount: money(100_000n), bank: 'icbc', bankReference: 'REF-1' });
  await stockUp(admin, { folder: stage.folder, salt: 'after', product: 'prd_video-month', supplier: 'sup_video', count: 10, unitCost: '16.00', pollMs: 10 });
  const { state } = await stage.as('chn_dist').call(OrderService.method.placeOrder, { number: 'A-1', lines: [{ productId: 'prd_video-month', quantity: 3 }], waitMs: 30_000 });
  expect(state).toBe(OrderState.COMPLETED);
  // Somebody writes a cent off the stock that is still there.
  await admin.call(LedgerService.method.createAdjustment, {
    reason: 'a cent too little', requestId: 'adj-1',
    newEntry: { bookId: 'bok_main', postings: [{ account: 'expenses:loss:stock', side: Posting_Side.DEBIT, amount: money(1n) }, { account: 'assets:inventory:codes:prd_video-month', side: Posting_Side.CREDIT, amount: money(1n) }] },
  });
  await settled(stage);
  await stage.stop();
}, 60_000);
afterAll(() => stage.close());

it('tells a cent that is missing from the stock, and nothing else, where everything else is right', async () => {
  const after = await auditAfter({ data: stage.data, namespace: 'sandbox' });
  expect(broken(after, t)).toEqual([expect.stringContaining('month-end invariants'), 'bok_main inventory CNY: books 10565, counted 10566']);
  expect(afterChecks(after, t)).toHaveLength(8);
}, 60_000);

it('tells a view that is not what the log says', async () => {
  const views = new DatabaseSync(path.join(stage.data, 'sandbox', 'views.sqlite'));
  const { number } = views.prepare("SELECT number FROM collections WHERE name LIKE 'ledger_balances%'").get() as { number: number };
  views.exec(`UPDATE c${number} SET value = replace(value, '1', '2') WHERE rowid = (SELECT min(rowid) FROM c${number})`);
  views.close();
  const { views: compared } = await auditAfter({ data: stage.data, namespace: 'sandbox' });
  expect(compared.filter(({ differences }) => differences.length > 0).map(({ collection }) => collection)).toEqual([expect.stringContaining('ledger_balances')]);
}, 60_000);
