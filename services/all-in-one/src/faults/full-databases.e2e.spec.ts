import { ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { codesOf, Premises } from '../door/testing/premises.js';
import { fullDatabases } from '../testing/full-databases.js';
import { overheardLog } from '../testing/overheard-log.js';

const VIDEO = 'prd_video-month';
const STOCK = 2_000;
const ORDERS = 60;
const MORE = 5_000;
const [NOT_FOUND, UNAVAILABLE] = [5, 14];

describe('a disk that is full under the databases', () => {
  const disk = fullDatabases();
  const overheard = overheardLog();
  let premises: Premises;
  beforeAll(async () => {
    premises = await Premises.open({ log: overheard.log });
    await premises.furnish();
    await premises.stock(VIDEO, 'sup_video', codesOf('FDB', STOCK));
    expect((await buy('FDB-before')).state).toBe(OrderState.COMPLETED);
  }, 60_000);
  afterAll(async () => {
    await premises.close();
    disk.end();
  });

  type Buyer = { readonly ref: string; readonly phone: string };
  const wanted = (number: string, buyer?: Buyer) => ({ number, lines: [{ productId: VIDEO, quantity: 1 }], waitMs: 10_000, ...(buyer && { buyer }) });
  const buy = (number: string): Promise<Order> => premises.order('chn_corp', wanted(number));
  const listed = async (): Promise<number> => (await premises.wire.get(OrderService.method.listOrders, { pageSize: 100 }, premises.as('chn_corp'))).orders.length;
  const stock = async () => {
    const { free, reserved, sold } = await premises.wire.get(InventoryService.method.getStock, { productId: VIDEO }, premises.as('admin'));
    return { free, reserved, sold };
  };
  const told = (text: string) => overheard.lines.filter(({ level, fields, message }) => level === 'error' && `${message} ${JSON.stringify(fields)} ${String((fields as { readonly error?: unknown }).error)}`.includes(text));

  it('of views: the log goes on, so what is ordered is sold; lists stand still, that is told, and they catch up by themselves', async () => {
    disk.fill('views.sqlite');
    for (let i = 0; i < ORDERS; i++) expect((await buy(`FDB-v-${i}`)).state).toBe(OrderState.COMPLETED);
    await premises.until(async () => told('disk is full').length, (count) => count > 0);
    expect(await listed()).toBeLessThan(ORDERS + 1);
    disk.free('views.sqlite');
    expect(await premises.until(listed, (count) => count > ORDERS)).toBe(ORDERS + 1);
    expect(await stock()).toEqual({ free: BigInt(STOCK - ORDERS - 1), reserved: 0n, sold: BigInt(ORDERS + 1) });
  }, 60_000);

  it('of codes: an import waits and says so, nothing of it is on sale; what is in stock goes on being sold; it ends by itself when there is room', async () => {
    disk.fill('codes.sqlite');
    const importId = await premises.beginImport(VIDEO, 'sup_video');
    expect((await premises.upload(importId, Buffer.from(codesOf('MORE', MORE).join('\n')))).ok).toBe(true);
    await premises.until(async () => told('sealing an import stopped').length, (count) => count > 1);
    expect(told('VAULT_FULL').length + told('full').length).toBeGreaterThan(0);
    const now = await premises.wire.get(InventoryService.method.getImport, { importId }, premises.as('admin'));
    expect([ImportState[now.state], now.reason]).toEqual(['PROCESSING', '']);
    expect((await buy('FDB-c')).state).toBe(OrderState.COMPLETED);
    expect((await stock()).free).toBe(BigInt(STOCK - ORDERS - 2));
    disk.free('codes.sqlite');
    const after = await premises.importIn(importId, ImportState.READY);
    expect([ImportState[after.state], after.accepted, after.refused]).toEqual(['READY', BigInt(MORE), 0n]);
    await premises.wire.get(InventoryService.method.completeImport, { importId }, premises.as('admin'));
    await premises.importIn(importId, ImportState.COMPLETED);
    expect((await stock()).free).toBe(BigInt(STOCK - ORDERS - 2 + MORE));
  }, 60_000);

  it('of personal data: an order that brings some is refused whole, its number stays free; one without goes through', async () => {
    disk.fill('personal.sqlite');
    const before = await stock();
    const ask = (i: number) => premises.wire.ask(OrderService.method.placeOrder, [wanted(`FDB-p-${i}`, { ref: `buyer-${i}-${'x'.repeat(60)}`, phone: `1380013${8000 + i}` })], premises.as('chn_corp'));
    let i = 0;
    const refused = await premises.until(() => ask(++i), ({ ok }) => !ok); // the last free page takes some
    expect([refused.status, refused.text]).toEqual([UNAVAILABLE, expect.stringMatching(/[一-鿿]/)]);
    expect((await premises.wire.ask(OrderService.method.getOrder, [{ number: `FDB-p-${i}` }], premises.as('chn_corp'))).status).toBe(NOT_FOUND);
    expect((await buy('FDB-p')).state).toBe(OrderState.COMPLETED);
    disk.free('personal.sqlite');
    expect((await ask(i)).ok).toBe(true);
    expect(await premises.until(stock, ({ reserved }) => reserved === 0n)).toMatchObject({ sold: before.sold + BigInt(i + 1) });
  }, 60_000);

  it('and of nothing was anything lost: the books balance, and a restart finds it all', async () => {
    await premises.restart();
    expect(premises.fatal).toBeUndefined();
    for (const number of ['FDB-before', 'FDB-v-0', 'FDB-c', 'FDB-p', 'FDB-p-1']) expect((await premises.wire.get(OrderService.method.getOrder, { number }, premises.as('chn_corp'))).state).toBe(OrderState.COMPLETED);
    const { totals } = await premises.wire.get(LedgerService.method.getTrialBalance, { bookId: 'bok_main' }, premises.as('admin'));
    for (const { balance } of totals) expect(balance?.minor).toBe(0n);
  }, 60_000);
});
