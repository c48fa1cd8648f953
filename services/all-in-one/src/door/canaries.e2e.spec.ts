import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { hmacSignature, textToSign } from '@vouchsafe/access';
import { backup } from '@vouchsafe/backup';
import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { CredentialKind } from '@vouchsafe/proto/access/v1/resources';
import { AuditService } from '@vouchsafe/proto/audit/v1/audit';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { FileColumn, ImportState } from '@vouchsafe/proto/inventory/v1/imports';
import { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { ListPurpose, ListSubject, RiskService, SignalKind } from '@vouchsafe/proto/risk/v1/risk';
import { systemClock } from '@vouchsafe/runtime';
import { PUBLIC_SERVICES } from '../public-services.js';
import { Canaries } from './testing/canaries.js';
import { keepingLog, keepingTracing, overhear } from './testing/overhear.js';
import { Premises } from './testing/premises.js';
import type { Headers, Told } from './testing/wire.js';

const CODES = process.env.VOUCHSAFE_LONG === '1' ? 10_000 : 1_000;
const MARK = `KANARI${randomBytes(6).toString('hex').toUpperCase()}`;
const codeOf = (i: number): string => `${MARK}-${String(i).padStart(6, '0')}`;

describe('secrets and personal data', () => {
  const canaries = new Canaries();
  const [lines, spans, messages, answers]: [string[], string[], string[], string[]] = [[], [], [], []];
  const buyer = {
    ref: canaries.plant('buyer', 'kanari-buyer-4711'), ip: canaries.plant('ip', '203.0.113.177'), device: canaries.plant('device', 'kanari-device-0815'),
    email: canaries.plant('e-mail', 'kanari.vogel@example.net'), phone: canaries.plant('phone', '13912345678'),
  };
  const account = canaries.plant('top-up account', '13887654322');
  const broken = canaries.plant('nonsense', 'kanarienvogel-9f27c1');
  const code = canaries.plant('imported code', MARK);
  const card = { number: canaries.plant('card number', `CARD-${randomBytes(6).toString('hex')}`), password: canaries.plant('card password', `PW-${randomBytes(8).toString('hex')}`) };
  const listed = { ip: canaries.plant('listed ip', '198.51.100.213'), buyer: canaries.plant('listed buyer', 'kanari-listed-77') };
  let premises: Premises;

  beforeAll(async () => {
    premises = await Premises.open({ log: keepingLog(lines), more: { tracing: keepingTracing(spans) } });
    overhear(premises.running().bus, messages);
    for (const key of premises.keys.values()) canaries.plant('bearer key', key.slice(-24));
    await premises.furnish();
  }, 20_000);
  afterAll(() => premises.close());

  /** Asks and keeps what was told, whole, unless it is what tells secrets. */
  const ask = async (method: Parameters<typeof premises.wire.ask>[0], request: object, who: string | Headers, isSecret = false): Promise<Told> => {
    const told = await premises.wire.ask(method, [request as never], typeof who === 'string' ? premises.as(who) : who);
    if (!isSecret || !told.ok) answers.push(`${method.name} ${JSON.stringify(told, (key, value: unknown) => (key === 'answers' ? undefined : value))}`);
    return told;
  };
  const get = async <M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, who: string, isSecret = false): Promise<MessageShape<M['output']>> => {
    const told = await ask(method, request, who, isSecret);
    if (!told.ok) throw new Error(`${method.name} ${told.text} ${JSON.stringify(told.fields)}`);
    return told.answers[0] as MessageShape<M['output']>;
  };
  const page = async (verb: string, where: string, who: string | undefined, options: Parameters<typeof premises.http>[3] = {}): Promise<number> => {
    const told = await premises.http(verb, where, who, options);
    answers.push(`${verb} ${told.status} ${told.text} ${JSON.stringify([...told.headers])}`);
    return told.status;
  };
  let n = 0;
  const buy = (channel: string, productId: string, quantity: number, more: { readonly buyer?: typeof buyer; readonly includeSecrets?: boolean } = {}): Promise<Order> =>
    get(OrderService.method.placeOrder, { number: `C-${++n}`, lines: [{ productId, quantity, ...(productId === 'prd_phone-10' && { accountFields: { phone: account } }) }], buyer, waitMs: 500, ...more }, channel, more.includeSecrets);

  const stocked = async (): Promise<void> => {
    await premises.stock('prd_video-month', 'sup_video', Array.from({ length: CODES }, (_, i) => codeOf(i)));
    const importId = await premises.beginImport('prd_video-month', 'sup_video', { columns: [FileColumn.NUMBER, FileColumn.CODE], delimiter: ',', header: false });
    await premises.upload(importId, Buffer.from(`${card.number},${card.password}\n${broken}\n${codeOf(1)},${codeOf(1)}\n,\n`));
    await premises.importIn(importId, ImportState.READY);
    await get(InventoryService.method.completeImport, { importId }, 'admin');
    await get(InventoryService.method.listRefusedLines, { importId }, 'admin');
    const left = await premises.beginImport('prd_video-month', 'sup_video'); // stays in the spool, sealed
    await premises.upload(left, Buffer.from(Array.from({ length: 500 }, (_, i) => codeOf(500_000 + i)).join('\n')), { last: false });
    await premises.mint('prd_coffee', 30);
  };

  const traded = async (): Promise<string> => {
    const codes = await buy('chn_corp', 'prd_video-month', 5, { includeSecrets: true });
    const coffee = await buy('chn_corp', 'prd_coffee', 3);
    const topUps = [await buy('chn_corp', 'prd_phone-10', 1), await buy('chn_corp', 'prd_phone-10', 1)]; // the second is refused: the same account
    await buy('chn_app', 'prd_video-month', 1);
    for (const { orderId, lines: [line] } of [codes, coffee, ...topUps]) {
      await get(OrderService.method.getOrder, { orderId }, 'chn_corp');
      await ask(FulfillmentService.method.getDelivery, { orderId, lineId: line!.lineId }, 'admin');
    }
    expect([codes.state, coffee.state, topUps[0]!.state]).toEqual([OrderState.COMPLETED, OrderState.COMPLETED, OrderState.COMPLETED]);
    await ask(FulfillmentService.method.discloseSecrets, { orderId: codes.orderId }, 'chn_corp', true);
    await ask(FulfillmentService.method.discloseSecrets, { orderId: codes.orderId }, 'chn_dist');
    const minted = await premises.disclose('chn_corp', coffee.orderId);
    for (const one of minted) canaries.plant('minted code', one.code);
    const redeem = (value: string, sequence: bigint) => ask(RedemptionService.method.redeemVoucher, { voucher: { case: 'code', value }, sequence, scene: 'counter' }, 'trm_lake-1');
    expect([(await redeem(minted[0]!.code, 1n)).code, (await redeem(minted[0]!.code, 1n)).code, (await redeem(minted[0]!.code, 2n)).code, (await redeem(broken, 3n)).code]).toEqual(['', '', 'ALREADY_REDEEMED', expect.stringMatching(/./)]);
    await ask(RedemptionService.method.checkVoucher, { voucher: { case: 'code', value: minted[1]!.code } }, 'trm_lake-1');
    await get(RedemptionService.method.lookupVoucher, { code: minted[1]!.code, reason: 'asked for' }, 'admin');
    await get(RedemptionService.method.freezeVoucher, { voucherId: minted[1]!.voucherId, reason: 'asked for' }, 'admin');
    for (const order of [codes, coffee]) await get(OrderService.method.createRefund, { orderId: order.orderId, requestId: `r-${order.number}`, lines: [{ lineId: order.lines[0]!.lineId, quantity: 1 }] }, 'chn_corp');
    for (const { voucherId } of minted) await get(AuditService.method.getTimeline, { voucherId }, 'admin');
    for (const { orderId } of [codes, coffee, ...topUps]) await get(AuditService.method.getTimeline, { orderId }, 'admin');
    return minted[2]!.code;
  };

  const judged = async (): Promise<void> => {
    await get(RiskService.method.recordSignal, { kind: SignalKind.SIGN_UP, buyerRef: buyer.ref, deviceId: buyer.device, ip: buyer.ip, payee: account }, 'chn_corp');
    const list = async (id: string, subject: ListSubject, value: string): Promise<void> => {
      await get(RiskService.method.createList, { list: { id, name: { zh: '名单', en: 'list' }, subject, purpose: ListPurpose.BLOCK } }, 'admin');
      await get(RiskService.method.addListEntries, { id, entries: [{ value }], channelId: 'chn_corp' }, 'admin');
    };
    await list('lis_ip', ListSubject.IP, listed.ip);
    await list('lis_buyer', ListSubject.BUYER, listed.buyer);
    await buy('chn_corp', 'prd_video-month', 1, { buyer: { ...buyer, ip: listed.ip } });
    await buy('chn_corp', 'prd_video-month', 1, { buyer: { ...buyer, ref: listed.buyer } });
    await ask(RiskService.method.assessOrder, { channelId: 'chn_corp', ip: listed.ip, lines: [{ productId: 'prd_video-month', quantity: 1 }] }, 'admin');
  };

  const keyed = async (): Promise<void> => {
    const principalId = await premises.hire('kept', { roles: ['operator'] });
    canaries.plant('bearer key', premises.keys.get('kept')!.slice(-24));
    const { secret, keyName } = await get(AccessService.method.createCredential, { principalId, kind: CredentialKind.HMAC, requestId: 'h-1' }, 'admin', true);
    canaries.plant('hmac key', secret);
    await get(AccessService.method.createCredential, { principalId, kind: CredentialKind.HMAC, requestId: 'h-1' }, 'admin');
    const signing = { keyName, timestamp: Math.floor(Date.now() / 1000), nonce: randomBytes(16).toString('base64url') };
    const text = textToSign(signing, { method: 'GET', path: '/v1/products', query: '', bodySha256: createHash('sha256').update('').digest() });
    const header = `VS-HMAC-SHA256 key=${keyName}, ts=${signing.timestamp}, nonce=${signing.nonce}, sig=${hmacSignature(secret, text)}`;
    expect([await page('GET', '/v1/products', undefined, { headers: { authorization: header } }), await page('GET', '/v1/products', undefined, { headers: { authorization: header } })]).toEqual([200, 401]);
    await page('GET', '/v1/products', undefined, { headers: { authorization: `Bearer ${secret}` } });
    await page('GET', '/v1/products', undefined, { headers: { authorization: `VS-HMAC-SHA256 ${secret}` } });
    await page('POST', '/v1/channels/chn_app/encryptionKeys', 'chn_app', { body: { pem: canaries.plant('private key', generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString().split('\n')[1]!) } });
  };

  /** What is wrong, and has something in it that is not for telling. Names of fields are told back, so they name nothing. */
  const wronged = async (): Promise<void> => {
    const line = { productId: 'prd_phone-10', quantity: 1 };
    const refused: boolean[] = [];
    for (const request of [
      { number: `${code} ${broken}`, lines: [line] }, { number: 'W-1', lines: [{ ...line, accountFields: { phone: `${account}${broken}` } }] }, { number: 'W-2', lines: [{ ...line, accountFields: { colour: account } }] },
      { number: 'W-3', lines: [{ productId: `${broken}!`, quantity: 1 }] }, { number: 'W-4', lines: [line], buyer: { ...buyer, ip: `${broken}.${buyer.ip}` } }, { number: 'W-5', lines: [line], buyer: { ...buyer, email: `${broken} ${buyer.email}` } },
      { number: 'W-6', lines: [line], buyer: { ref: `${broken}${buyer.ref}`.repeat(100) } }, { number: 'W-7', lines: [{ ...line, quantity: -1 }], buyer },
    ]) refused.push(!(await ask(OrderService.method.placeOrder, request, 'chn_corp')).ok);
    expect(refused.filter(Boolean).length).toBeGreaterThanOrEqual(5);
    for (const [body, where] of [[`{"number": "${broken}`, '/v1/orders'], [{ colour: code }, '/v1/orders'], [{ number: 'W-8', lines: broken }, '/v1/orders'], [{ number: 'W-9', buyer: { colour: buyer.phone } }, '/v1/orders'], [{ code: { value: code } }, '/v1/vouchers:lookup']] as const) {
      expect(await page('POST', where, 'chn_corp', { body })).toBeGreaterThanOrEqual(400);
    }
    expect(await page('POST', '/v1/orders', `chn_corp`, { body: Buffer.from([0xff, 0xfe, ...Buffer.from(broken)]) })).toBe(400);
    for (const list of ['/v1/orders', '/v1/principals', '/v1/accounts']) await page('GET', `${list}?filter=${encodeURIComponent(`state = "${broken}`)}&orderBy=${broken}`, 'admin');
    await page('GET', `/v1/${broken}/${buyer.phone}?q=${code}`, 'admin');
    await page('GET', `/v1/orders/${broken}`, 'admin');
    await ask(RedemptionService.method.lookupVoucher, { code: codeOf(99_999_999), reason: 'asked for' }, 'admin');
    await ask(RedemptionService.method.checkVoucher, { voucher: { case: 'code', value: codeOf(3).repeat(40) } }, 'trm_lake-1');
    await ask(RiskService.method.addListEntries, { id: 'lis_ip', entries: [{ value: `${broken}/${listed.ip}` }] }, 'admin');
    await ask(RiskService.method.recordSignal, { kind: SignalKind.LOGIN, ip: `${buyer.ip}.${broken}`, buyerRef: buyer.ref }, 'chn_corp');
    await ask(AccessService.method.eraseSubject, { value: { kind: broken, value: buyer.phone }, reason: 'asked for' }, 'admin');
    await premises.wire.send(OrderService.method.placeOrder, [Buffer.from(`${broken}${code}`)], premises.as('chn_corp')).then((told) => answers.push(JSON.stringify(told, (key, value: unknown) => (key === 'answers' ? undefined : value))));
  };

  /** Everything that can be read is read, by who may read everything. */
  const readAll = async (): Promise<void> => {
    for (const method of PUBLIC_SERVICES.flatMap(({ methods }) => methods)) {
      if (method.methodKind === 'unary' && /^(list|get)/i.test(method.name)) await ask(method, create(method.input, {}), 'admin');
    }
    for (const kind of ['orders', 'deliveries', 'escalations', 'reviews', 'vouchers', 'refunds', 'imports', 'batches']) await page('GET', `/v1/${kind}?pageSize=500`, 'admin');
    await ask(AuditService.method.readEvents, {}, 'admin');
    for (const where of ['/', '/metrics', '/readyz', '/openapi.json']) await page('GET', where, undefined);
    await page('GET', '/metrics', undefined, { headers: { accept: 'application/openmetrics-text' } }); // exemplars too
  };

  it('are in no event, message, log line, span, metric, answer, view, journal or backup, after everything that can happen to them', async () => {
    await stocked();
    await traded();
    await judged();
    await keyed();
    await wronged();
    const poisoned = { id: 'evt_poison', context: 'access', type: 'access.PrincipalChanged.v1', stream: 'principal-x', pub: 1, data: 'no record', occurredAt: systemClock().now(), recordedAt: systemClock().now(), correlation: '', causation: '', principal: 'pri_x' };
    await premises.running().bus.publish([poisoned]);
    expect((await premises.running().bus.parking.count()).messages).toBe(1);
    for (const follower of premises.running().followers()) await follower.caughtUp();
    await readAll();
    const { id, epoch } = JSON.parse(readFileSync(path.join(premises.data, 'sandbox', 'deployment.json'), 'utf8')) as { id: string; epoch: number };
    await backup({ data: path.join(premises.data, 'sandbox'), target: path.join(premises.folder, 'backup'), namespace: 'sandbox', deployment: { id, epoch }, log: premises.running().store, clock: systemClock() });
    const events = (await premises.events()).map((event) => JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
    await premises.restart();
    await premises.stop();

    // There is enough to look at, or nothing would be found in nothing.
    for (const [kept, least] of [[events, 100], [messages, 60], [spans, 100], [answers, 60], [lines, 5]] as const) expect(kept.length).toBeGreaterThan(least);
    const found = [
      ...canaries.in('events', events.join('\n')), ...canaries.in('messages', messages.join('\n')), ...canaries.in('log lines', lines.join('\n')), ...canaries.in('spans', spans.join('\n')),
      ...answers.flatMap((answer) => canaries.in(`answer: ${answer.slice(0, 300)}`, answer)), ...canaries.below(premises.folder),
    ];
    expect(found).toEqual([]);
  }, 60_000);

  it('would have been found in any of these, in any form', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-canaries-'));
    try {
      writeFileSync(path.join(folder, 'plain.log'), `xx${codeOf(7)}yy`);
      writeFileSync(path.join(folder, 'hex'), Buffer.from(`a ${buyer.phone}`).toString('hex'));
      for (const before of ['', 'a', 'ab', 'abc']) writeFileSync(path.join(folder, `base64-${before.length}`), Buffer.from(`${before}${account} and more`).toString('base64'));
      writeFileSync(path.join(folder, 'url'), encodeURIComponent(buyer.email));
      const db = new DatabaseSync(path.join(folder, 'views.sqlite'));
      db.exec('CREATE TABLE docs (id TEXT, doc TEXT, bytes BLOB)');
      db.prepare('INSERT INTO docs VALUES (?, ?, ?)').run('1', JSON.stringify({ far: 'x'.repeat(4_050), ip: buyer.ip }), Buffer.from(card.password)); // over the edge of a page
      db.close();
      const found = canaries.below(folder);
      for (const line of [
        'imported code as plain text in plain.log', 'phone as hex in hex', 'top-up account as base64 at 0 in base64-0', 'top-up account as base64 at 1 in base64-1', 'top-up account as base64 at 2 in base64-2',
        'top-up account as base64 at 0 in base64-3', 'e-mail as URL in url', 'ip as plain text in views.sqlite docs', 'card password as plain text in views.sqlite docs',
      ]) expect(found).toContain(line);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const kept: string[] = [];
    keepingLog(kept).child({ device: buyer.device }).debug({ error: new Error(`of ${buyer.ref}`, { cause: { deep: [{ listed }] } }) }, 'x');
    expect(canaries.in('log', kept.join())).toEqual(expect.arrayContaining(['device as plain text in log', 'buyer as plain text in log', 'listed ip as plain text in log']));
  });
});
