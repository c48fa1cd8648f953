import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { sandboxPayment } from '@vouchsafe/order';
import { type Namespace, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { fileKeyWrap, openCodeVault } from '@vouchsafe/vault';
import { parseConfig, type PlatformConfig } from './config.js';
import { Premises } from './door/testing/premises.js';
import { bootstrapAdmin, startNamespace } from './namespace.js';
import type { OpenOptions } from './open-namespace.js';
import { placesOf } from './platform.js';

const HOUR_MS = 3_600_000;

describe('live and sandbox in one process', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-modes-'));
  const at = (...parts: readonly string[]): string => path.join(folder, ...parts);
  let premises: Premises;

  const config = (): PlatformConfig => {
    const parsed = parseConfig({ VOUCHSAFE_DATA: at('data'), VOUCHSAFE_KEYS: at('keys'), VOUCHSAFE_JOURNAL: at('journal') });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.config;
  };
  const open = (namespace: Namespace): OpenOptions => ({ ...placesOf(config(), namespace), log: silentLog, onFatal: (fault) => { throw fault; } });
  const types = async (namespace: Namespace): Promise<readonly string[]> => (await premises.events(namespace)).map(({ type }) => type);

  beforeAll(async () => {
    const made = await bootstrapAdmin(open('live'), false);
    expect(made).toMatchObject({ ok: true, key: { principalId: expect.stringMatching(/^pri_/) } });
    if (!made.ok) return;
    expect(made.key.expiresAt - Date.now()).toBeGreaterThan(23 * HOUR_MS);
    expect(made.key.expiresAt - Date.now()).toBeLessThanOrEqual(24 * HOUR_MS);
    const quarter = { streams: 1, streamsPerKey: 1 };
    premises = await Premises.open({ folder, namespaces: ['live', 'sandbox'], more: { gateway: { authFailuresPerMinute: 1_000_000, drainMs: 1_000, admission: { sandbox: quarter } } } });
    premises.keys.set('live-admin', made.key.key.reveal());
    await premises.furnish();
    await premises.stock('prd_video-month', 'sup_video', ['MODE-0001', 'MODE-0002']);
  }, 30_000);
  afterAll(() => premises.close());

  it('make the first administrator of live once, on a stopped directory only', async () => {
    const caller = await premises.wire.get(AccessService.method.getCaller, {}, premises.as('live-admin'));
    expect(caller.permissions).toContain('access:write');
    await expect(bootstrapAdmin(open('live'), false)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    const boots = (): unknown => (JSON.parse(readFileSync(at('data', 'live', 'deployment.json'), 'utf8')) as { boots: number }).boots;
    const before = boots();
    await expect(bootstrapAdmin(open('live'), true)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    expect(boots()).toBe(before);
  });

  it('sell in the sandbox and leave live untouched: its own log, books and catalogue', async () => {
    const placed = await premises.wire.get(OrderService.method.placeOrder, { number: 'S-1', lines: [{ productId: 'prd_video-month', quantity: 1 }] }, premises.as('chn_dist'));
    expect(placed.state).toBe(OrderState.COMPLETED);
    expect((await premises.wire.get(CatalogService.method.listProducts, {}, premises.as('admin'))).products.length).toBeGreaterThan(0);
    expect((await premises.wire.get(CatalogService.method.listProducts, {}, premises.as('live-admin'))).products).toEqual([]);
    expect(new Set((await types('live')).map((type) => type.split('.')[0]))).toEqual(new Set(['access']));
    expect(await types('sandbox')).toContain('order.OrderPlaced.v1');
    const foreign = await premises.wire.ask(OrderService.method.getOrder, [{ orderId: placed.orderId }], premises.as('live-admin'));
    const absent = await premises.wire.ask(OrderService.method.getOrder, [{ orderId: 'ord_00000000-0000-5000-8000-000000000000' }], premises.as('live-admin'));
    expect([foreign.code, foreign.status]).toEqual([absent.code, absent.status]);
  });

  it('know no key of each other, also not by another first word', async () => {
    const asked = (key: string) => premises.wire.ask(AccessService.method.getCaller, [{}], { authorization: `Bearer ${key}` });
    const [sandbox, live] = [premises.keys.get('admin')!, premises.keys.get('live-admin')!];
    expect(sandbox).toMatch(/^vs_sandbox_/);
    expect((await asked(sandbox.replace('vs_sandbox_', 'vs_live_'))).code).toBe('CREDENTIAL_INVALID');
    expect((await asked(live.replace('vs_live_', 'vs_sandbox_'))).code).toBe('CREDENTIAL_INVALID');
    expect((await asked(live)).ok).toBe(true);
  });

  it('have room of their own: a full sandbox turns nobody away from live', async () => {
    const follow = (who: string) => premises.wire.ask(AuditService.method.readEvents, [{ follow: true }], premises.as(who), 1_500);
    const first = follow('admin');
    while (!(await premises.http('GET', '/metrics', undefined)).text.includes('vouchsafe_streams_open{mode="sandbox"} 1')) await systemClock().sleep(10);
    const second = await follow('admin');
    expect([second.ok, second.code]).toEqual([false, 'BUSY']);
    expect((await premises.wire.ask(AuditService.method.readEvents, [{ limit: 1 }], premises.as('live-admin'))).ok).toBe(true);
    await first;
  });

  it('keep sandbox money and top-ups out of live', async () => {
    const live = { ...open('live'), data: at('other', 'live'), journal: at('other', 'journal') };
    const provider = sandboxPayment({ call: () => Promise.reject(new Error('unused')), secret: 'x'.repeat(64), merchantId: 'm' });
    await expect(startNamespace({ ...live, paymentProviders: [provider] })).rejects.toThrow(/cannot be composed into live/);
    const topUps = { fulfillment: { providers: [{ name: 'sandbox', kind: 'sandbox', baseUrl: 'http://127.0.0.1:1' }] } };
    await expect(startNamespace({ ...live, settings: topUps })).rejects.toThrow(/cannot serve live orders/);
    expect((await premises.http('POST', '/live/v1/payments/notices/sandbox', undefined, { body: {} })).status).toBeGreaterThanOrEqual(400);
  });

  it('are sealed under keys of their own, and go on where they were', async () => {
    await premises.restart();
    const placed = await premises.wire.get(OrderService.method.placeOrder, { number: 'S-2', lines: [{ productId: 'prd_video-month', quantity: 1 }] }, premises.as('chn_dist'));
    expect(placed.state).toBe(OrderState.COMPLETED);
    await premises.stop();
    for (const namespace of ['live', 'sandbox']) {
      for (const file of ['codes.sqlite', 'personal.sqlite', 'views.sqlite', 'parked.sqlite', 'log']) expect(existsSync(at('data', namespace, file))).toBe(true);
    }
    const vault = (of: Namespace, keyOf: Namespace) => openCodeVault({
      file: at('data', of, 'codes.sqlite'), namespace: of, random: systemRandom(), clock: systemClock(), log: silentLog,
      wrap: fileKeyWrap({ file: at('keys', `${keyOf}.key`), dataDir: at('data', of), namespace: of, random: systemRandom(), log: silentLog }),
    });
    await expect(vault('sandbox', 'live')).rejects.toMatchObject({ code: 'KEY_WRONG' });
    await (await vault('sandbox', 'sandbox')).close();
    expect(await bootstrapAdmin(open('live'), false)).toEqual({ ok: false, code: 'ALREADY_BOOTSTRAPPED' });
    expect(await bootstrapAdmin(open('live'), true)).toMatchObject({ ok: true });
    await premises.start();
  }, 30_000);
});
