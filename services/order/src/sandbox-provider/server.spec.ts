import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { instant, money } from '@vouchsafe/kernel';
import { clockTimers, silentLog, systemClock } from '@vouchsafe/runtime';
import { overHttp, sandboxPayment } from '../adapters/sandbox-payment.js';
import { signatureOf } from './signing.js';
import { postNotices, type SandboxPaymentServer, startSandboxPaymentServer } from './server.js';

const clock = systemClock();
const SECRET = 'secret of the sandbox';
const amount = money(990n, 'CNY');
type Posted = { readonly body: string; readonly timestamp: string; readonly signature: string };

describe('the sandbox payment provider over HTTP', () => {
  let server: SandboxPaymentServer;
  let stopPlatform: () => void;
  const posted: Posted[] = [];
  const provider = () => sandboxPayment({ call: overHttp(server.baseUrl), secret: SECRET, merchantId: 'mch_1' });
  const create = (id: string, reference: string) => provider().create({ paymentId: id, reference, amount, expiresAt: instant(clock.now() + 60_000) });
  beforeAll(async () => {
    const platform = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => { text += part.toString(); });
      request.on('end', () => {
        posted.push(JSON.parse(text) as Posted);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
    stopPlatform = () => void platform.close();
    const notify = postNotices(`http://127.0.0.1:${(platform.address() as AddressInfo).port}/v1/payments/notices/sandbox`);
    server = await startSandboxPaymentServer({ clock, timers: clockTimers(clock), secret: SECRET, merchantId: 'mch_1', notify, log: silentLog, payAfterMs: 1, chargebackAfterMs: 1 });
  });
  afterAll(async () => {
    await server.stop();
    stopPlatform();
  });

  it('offers a page to pay on, the same one to whoever asks again', async () => {
    const offer = await create('pay_a', 'N-1');
    expect(offer.action.kind).toBe('url');
    expect(await create('pay_a', 'N-1')).toEqual(offer);
    expect(await provider().query('pay_a')).toEqual({ status: 'unpaid' });
    expect(await provider().query('pay_unknown')).toEqual({ status: 'unpaid' });
  });

  it('sends a notice that we believe, and no other', async () => {
    await create('pay_b', 'N-2.paid');
    while (posted.length === 0) await clock.sleep(10);
    const { body, timestamp, signature } = posted[0]!;
    const signed = { body: Buffer.from(body, 'base64'), timestamp, signature };
    const verified = provider().verifyNotice(signed, clock.now());
    expect(verified).toMatchObject({ ok: true, notice: { kind: 'paid', paymentId: 'pay_b', received: amount, merchantId: 'mch_1' } });
    expect(await provider().query('pay_b')).toMatchObject({ status: 'paid', received: amount });
    const changed = Buffer.from(Buffer.from(body, 'base64').toString().replace('990', '991'));
    expect(provider().verifyNotice({ ...signed, body: changed }, clock.now())).toEqual({ ok: false, code: 'NOTICE_FORGED' });
    expect(provider().verifyNotice({ ...signed, signature: 'zz' }, clock.now())).toEqual({ ok: false, code: 'NOTICE_FORGED' });
    expect(provider().verifyNotice(signed, instant(clock.now() + 301_000))).toEqual({ ok: false, code: 'NOTICE_STALE' });
    const nonsense = Buffer.from('{"kind":"gift"}');
    expect(provider().verifyNotice({ body: nonsense, timestamp, signature: signatureOf(SECRET, timestamp, nonsense) }, clock.now())).toEqual({ ok: false, code: 'NOTICE_MALFORMED' });
  });

  it('pays back once per refund id, and never more than it took', async () => {
    await create('pay_c', 'N-3.paid');
    while ((await provider().query('pay_c')).status !== 'paid') await clock.sleep(10);
    const refund = (refundId: string, minor: bigint) => provider().refund({ refundId, paymentId: 'pay_c', amount: money(minor, 'CNY') });
    expect(await provider().queryRefund({ refundId: 'rfd_1', paymentId: 'pay_c' })).toEqual({ status: 'unknown' });
    expect((await refund('rfd_1', 600n)).status).toBe('succeeded');
    expect((await refund('rfd_1', 600n)).status).toBe('succeeded');
    expect((await refund('rfd_2', 600n)).status).toBe('failed');
    expect((await refund('rfd_3', 390n)).status).toBe('succeeded');
  });

  it.each(['won', 'lost'])('charges back, and then says that the dispute was %s', async (end) => {
    await create(`pay_${end}`, `N-5.${end}`);
    const told = () => posted.map(({ body }) => JSON.parse(Buffer.from(body, 'base64').toString()) as { kind: string; payment: string }).filter(({ payment }) => payment === `pay_${end}`).map(({ kind }) => kind);
    while (told().length < 3) await clock.sleep(10);
    expect(told()).toEqual(['paid', 'charged_back', `chargeback_${end}`]);
  });

  it('is a fault, to be tried again, when it cannot be reached or does not make sense', async () => {
    await expect(sandboxPayment({ call: overHttp('http://127.0.0.1:1'), secret: SECRET, merchantId: 'mch_1' }).query('pay_a')).rejects.toMatchObject({ name: 'Fault', code: 'PROVIDER_UNREACHABLE' });
    await expect(create('pay_d', 'N-4.down')).rejects.toMatchObject({ name: 'Fault', code: 'PROVIDER_UNCLEAR' });
    expect((await fetch(`${server.baseUrl}/payments`, { method: 'POST', body: 'no json' })).status).toBe(400);
    expect((await fetch(`${server.baseUrl}/elsewhere`)).status).toBe(404);
  });
});
