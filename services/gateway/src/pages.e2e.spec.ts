import { existsSync } from 'node:fs';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { AuditService, InsightService } from '@vouchsafe/proto/audit/v1/audit';
import { type CallContext, type Handlers, RpcFailure } from '@vouchsafe/rpc';
import { type Browser, chromium, type Page } from 'playwright-core';
import { keyOf, type Keys, runGateway, type Running } from './testing/running-gateway.js';

const CHROMIUM = '/usr/bin/chromium';
const seen = existsSync(CHROMIUM) ? describe : describe.skip;
if (!existsSync(CHROMIUM)) process.stdout.write(`skipped: the pages are not driven in a browser, there is no ${CHROMIUM} (apt-get install chromium)\n`);
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PATIENCE_MS = 60_000;

const ADMIN = keyOf('sandbox', 1);
const CHANNEL = keyOf('sandbox', 2);
const VOUCHER = 'vch_1wfj0e0kn264x79x08pyap8g6h';
const EVENT = { stream: 'grant-ord_1_1_0', principal: 'pri_2', type: 'redemption.VoucherRedeemed.v1', title: { zh: '核销', en: 'redeemed' } };
const keys: Keys = {
  [ADMIN]: { principalId: 'pri_admin', permissions: new Set(['audit:read']) },
  [CHANNEL]: { principalId: 'pri_channel', kind: 'channel', permissions: new Set<string>() },
};

seen('the pages in a browser', () => {
  let running: Running;
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  let orders: { orderId: string; channelId: string; state: string; ms: number }[];
  beforeAll(async () => {
    const access: Record<string, unknown> = Object.fromEntries(AccessService.methods.map(({ localName }) => [localName, async () => ({})]));
    access.getCaller = async (_request: unknown, { caller }: CallContext) => ({ principalId: caller.principalId, mode: 'sandbox' });
    running = await runGateway({
      services: [AccessService, AuditService, InsightService], keys, modes: ['sandbox'],
      serve: (rpc) => {
        rpc.serve(AccessService, access as Handlers<typeof AccessService>);
        rpc.serve(AuditService, {
          getIntegrity: async () => ({}), readEvents: async function* () {},
          getTimeline: async ({ voucherId, orderId }) => {
            if (voucherId !== VOUCHER && !orderId) throw new RpcFailure('missing', 'NOT_FOUND');
            return { events: [EVENT] };
          },
        });
        rpc.serve(InsightService, { getOverview: async () => ({ ordersByState: { COMPLETED: BigInt(orders.length) }, recent: orders }) });
      },
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser.close();
    await running.stop();
  }, PATIENCE_MS);
  beforeEach(async () => {
    orders = [{ orderId: 'ord_1', channelId: 'chn_dist', state: 'COMPLETED', ms: 7 }];
    complaints = [];
    const context = await browser.newContext({ locale: 'zh-CN' });
    page = await context.newPage();
    page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(error.message));
  }, PATIENCE_MS);
  afterEach(() => page.context().close());

  const use = async (key: string): Promise<void> => {
    await page.fill('#key', key);
    await page.press('#key', 'Enter');
  };
  const text = (selector: string, wanted: string): Promise<unknown> => page.locator(selector).filter({ hasText: wanted }).first().waitFor({ timeout: 10_000 });

  it('shows who holds the key and the orders as they come, without a complaint of the browser', async () => {
    await page.goto(`${running.http}/`);
    await text('#who', '请先粘贴密钥');
    await use(ADMIN);
    await text('#who', '沙箱 · pri_admin');
    await text('#counts', '已完成 1');
    orders = [{ orderId: 'ord_2', channelId: 'chn_app', state: 'COMPLETED', ms: 3 }, ...orders];
    await text('#orders', 'ord_2');
    expect(complaints).toEqual([]);
  }, PATIENCE_MS);

  it("shows a voucher's life, and all of it in the other language at once", async () => {
    await page.goto(`${running.http}/`);
    await use(ADMIN);
    await page.fill('#life-id', VOUCHER);
    await page.press('#life-id', 'Enter');
    await text('#life', '核销');
    await page.click('#language');
    await text('#life', 'redeemed');
    await text('#orders', '7 ms');
    expect(await page.locator('body').innerText()).not.toMatch(/核销|毫秒|已完成/);
    expect(complaints).toEqual([]);
  }, PATIENCE_MS);

  it('leads from an order to its life', async () => {
    await page.goto(`${running.http}/`);
    await use(ADMIN);
    await page.getByRole('button', { name: 'ord_1' }).click();
    await text('#life', '核销');
    expect(await page.inputValue('#life-id')).toBe('ord_1');
  }, PATIENCE_MS);

  it('shows the next key nothing of what the last one saw, and asks no more with a key that is refused', async () => {
    await page.goto(`${running.http}/`);
    await use(ADMIN);
    await text('#orders', 'ord_1');
    await use(CHANNEL);
    await text('#counts', 'PERMISSION_MISSING');
    expect(await page.locator('#orders tr').count()).toBe(0);
    let asked = 0;
    page.on('request', (request) => { asked += request.url().endsWith('/v1/overview') ? 1 : 0; });
    await page.waitForTimeout(2_500);
    expect(asked).toBe(0);
    await use(ADMIN);
    await text('#orders', 'ord_1');
  }, PATIENCE_MS);

  it('speaks English to a browser that does not ask for Chinese', async () => {
    const english = await browser.newPage({ locale: 'en-GB' });
    await english.goto(`${running.http}/`);
    await english.getByText('Live orders').waitFor();
    await english.context().close();
  }, PATIENCE_MS);

  it('shows the contract and the errors without a complaint of the browser', async () => {
    await page.goto(`${running.http}/docs`);
    await text('.opblock-tag', 'AuditService');
    await text('.opblock-tag', '只依据事件流');
    await page.click('#language');
    await text('.opblock-tag', 'told from the event streams');
    expect(await page.locator('body').innerText()).not.toMatch(/[一-鿿]{3}/);
    await page.click('#language');
    await text('.opblock-tag', '只依据事件流');
    await page.goto(`${running.http}/docs/errors#PERMISSION_MISSING`);
    expect(await page.locator('#PERMISSION_MISSING').count()).toBe(1);
    await page.locator('#PERMISSION_MISSING').waitFor();
    expect(complaints).toEqual([]);
  }, PATIENCE_MS);
});
