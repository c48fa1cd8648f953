import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type Order, OrderState } from '@vouchsafe/proto/order/v1/order';
import { codesOf, Premises } from '../door/testing/premises.js';
import { overheardLog } from '../testing/overheard-log.js';

const VIDEO = 'prd_video-month';
const STOCK = 12;

/** Somebody copies a data directory, to try something or to move house, and starts a platform on the copy too. */
describe('a cloned directory', () => {
  const overheard = overheardLog();
  const copies: string[] = [];
  let original: Premises;
  let clone: Premises | undefined;
  let soldBefore: readonly string[];
  let soldAfter: readonly string[];
  beforeAll(async () => {
    original = await Premises.open();
    await original.furnish();
    await original.stock(VIDEO, 'sup_video', codesOf('CLN', STOCK));
    soldBefore = await codesBought(original, 'CLN-before', 3);
    await original.stop();
    copies.push(copyOf(original, 'data', 'keys'));
    await original.start();
    soldAfter = await codesBought(original, 'CLN-after', 2);
  }, 60_000);
  afterEach(async () => {
    await clone?.stop();
    clone = undefined;
  });
  afterAll(async () => {
    await original.close();
    for (const folder of copies) rmSync(folder, { recursive: true, force: true });
  });

  const copyOf = (premises: Premises, ...parts: readonly string[]): string => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-clone-'));
    for (const part of parts) cpSync(path.join(premises.folder, part), path.join(folder, part), { recursive: true });
    return folder;
  };
  const buy = (premises: Premises, number: string, quantity: number): Promise<Order> => premises.order('chn_corp', { number, lines: [{ productId: VIDEO, quantity }], waitMs: 10_000 });
  const codesBought = async (premises: Premises, number: string, quantity: number): Promise<readonly string[]> => {
    const { orderId, state } = await buy(premises, number, quantity);
    expect(state).toBe(OrderState.COMPLETED);
    return (await premises.disclose('chn_corp', orderId)).map(({ code }) => code);
  };
  const deployment = (premises: Premises) => JSON.parse(readFileSync(path.join(premises.data, 'sandbox', 'deployment.json'), 'utf8')) as { readonly id: string; readonly epoch: number };
  const release = (premises: Premises) => premises.wire.get(InventoryService.method.releasePoolHold, { productId: VIDEO }, premises.as('admin'));

  it('is noticed: it raises its epoch, says so, and sells nothing of what the original may have sold meanwhile', async () => {
    clone = await Premises.open({ folder: copies[0]!, log: overheard.log });
    expect(overheard.lines.map(({ level, message }) => `${level} ${message}`)).toContainEqual(expect.stringMatching(/^warn this data directory is not the one it was: its epoch is raised, and stock will be held/));
    const [copy, first] = [deployment(clone), deployment(original)];
    expect([copy.id, copy.epoch > first.epoch]).toEqual([first.id, true]);
    const refused = await buy(clone, 'CLN-clone', 1);
    expect([OrderState[refused.state], refused.reason?.code, refused.reason?.remedy?.zh]).toEqual(['REJECTED', 'STOCK_HELD', expect.stringMatching(/[一-鿿]/)]);
    // What was sold before the copy is the same there; the original sells on, undisturbed.
    const known = await buy(clone, 'CLN-before', 3);
    expect([known.state, (await clone.disclose('chn_corp', known.orderId)).map(({ code }) => code)]).toEqual([OrderState.COMPLETED, soldBefore]);
    soldAfter = [...soldAfter, ...(await codesBought(original, 'CLN-meanwhile', 1))];
  }, 60_000);

  it('with the original’s journal beside it, sells only what the original did not, once a person released it', async () => {
    await original.stop();
    cpSync(original.journal, path.join(copies[0]!, 'journal'), { recursive: true });
    clone = await Premises.open({ folder: copies[0]!, log: overheard.log });
    await release(clone);
    const left = STOCK - soldBefore.length - soldAfter.length;
    const sold = await codesBought(clone, 'CLN-released', left);
    expect(sold.filter((code) => soldBefore.includes(code) || soldAfter.includes(code))).toEqual([]);
    expect(new Set([...soldBefore, ...soldAfter, ...sold]).size).toBe(STOCK);
    expect((await clone.wire.get(InventoryService.method.getStock, { productId: VIDEO }, clone.as('admin'))).free).toBe(0n);
  }, 60_000);
});
