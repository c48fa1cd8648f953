import { type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { orderEvents } from '@vouchsafe/contracts';
import { instant, plusMs } from '@vouchsafe/kernel';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { AssessResponse_Verdict as Verdict, RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { ListPurpose, ListSubject, Review_State, RiskService, SignalKind, VerdictKind } from '@vouchsafe/proto/risk/v1/risk';
import { type Caller, type CallContext, type Handlers, isRpcFailure, type RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import { memoryDisk, uuidv5 } from '@vouchsafe/runtime';
import { testPorts, type TestPorts } from '@vouchsafe/testing';
import { createRisk, riskConfig } from './index.js';

const analyst: Caller = { principalId: 'pri_analyst', kind: 'person', namespace: 'live', permissions: new Set() };
const app: Caller = { principalId: 'pri_app', kind: 'channel', channelId: 'chn_app', namespace: 'live', permissions: new Set() };
const { method } = RiskService;

const tokenOf = (kind: string, value: string, channelId = ''): string => `tok_${uuidv5(`${kind}/${kind === 'buyer' ? channelId : ''}/${value}`).replaceAll('-', '')}`;
/** The vault of access, as far as risk knows it: equal values, equal tokens. */
const vault: Partial<Handlers<typeof IdentityService>> = {
  protect: async ({ values, channelId }) => ({ values: values.map(({ kind, value }) => ({ kind, ref: '', token: tokenOf(kind, value, channelId), masked: '***' })) }),
};

type Asked = Partial<Record<'orderId' | 'fingerprint' | 'channelId' | 'buyerToken' | 'deviceToken' | 'ipToken' | 'ip' | 'emailDomain' | 'challengeProof', string>> & { readonly lines?: { productId: string; quantity: number }[] };
type Disks = { readonly listDisk: ReturnType<typeof memoryDisk>; readonly sourceDisk: ReturnType<typeof memoryDisk> };
const risk = async (ports: TestPorts = testPorts(), disks: Disks = { listDisk: memoryDisk(), sourceDisk: memoryDisk() }) => {
  ports.rpc.serve(IdentityService, vault as Handlers<typeof IdentityService>);
  const service = createRisk({ ...ports, ...disks }, riskConfig.parse({}));
  await service.start();
  const as = (caller: Caller) => <M extends DescMethodUnary>(call: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> => {
    const context: CallContext = { caller, requestId: 'req_1', deadline: plusMs(ports.clock.now(), 5_000), locale: 'en' };
    return ports.rpc.call(call, request, context);
  };
  const internal = as(serviceCaller('order', 'live'));
  let orders = 0;
  const assess = (more: Asked = {}) => {
    const number = ++orders;
    return internal(RiskAssessmentService.method.assess, {
      orderId: `ord_${uuidv5(`o${number}`)}`, fingerprint: 'fingerprint_of-22-char', channelId: 'chn_app', lines: [{ productId: 'prd_month', quantity: 1 }],
      total: { minor: 990n, currency: 'CNY' }, atMs: BigInt(ports.clock.now()), principalId: 'pri_app', ...more,
    });
  };
  return { ports, disks, service, assess, analyst: as(analyst), app: as(app) };
};
/** The same truth, another process. */
const restarted = async ({ ports, disks, service }: Awaited<ReturnType<typeof risk>>) => {
  await service.stop();
  return risk(testPorts({ store: ports.store, start: ports.clock.now(), seed: 2 }), disks);
};
const refusal = async (work: Promise<unknown>): Promise<RpcFailure> => {
  const error = await work.then(() => undefined, (reason: unknown) => reason);
  if (!isRpcFailure(error)) throw new Error('was not refused', { cause: error });
  return error;
};
const buyer = (ref: string) => tokenOf('buyer', ref, 'chn_app');
const device = (id: string) => tokenOf('device', id);

it('allows an ordinary order, and denies one within a minute of signing up', async () => {
  const { assess, app: call, ports } = await risk();
  expect(await assess()).toMatchObject({ verdict: Verdict.ALLOW, reasons: [], ruleSetVersion: 'shipped@1' });
  await call(method.recordSignal, { kind: SignalKind.SIGN_UP, buyerRef: 'b1', deviceId: 'd1' });
  await ports.clock.advance(59_000);
  expect(await assess({ buyerToken: buyer('b1') })).toMatchObject({ verdict: Verdict.DENY, reasons: ['bought-at-sign-up'] });
  await ports.clock.advance(60_000);
  expect(await assess({ buyerToken: buyer('b1') })).toMatchObject({ verdict: Verdict.ALLOW });
});

it('gives the first verdict again for the same order, whatever was learnt since', async () => {
  const { assess, app: call, ports } = await risk();
  const same = { orderId: 'ord_1', buyerToken: buyer('b1') };
  const first = await assess(same);
  await call(method.recordSignal, { kind: SignalKind.SIGN_UP, buyerRef: 'b1' });
  expect(await assess(same)).toEqual(first);
  expect(await assess({ ...same, fingerprint: 'another_body' })).toMatchObject({ verdict: Verdict.DENY });
  expect(await ports.store.revisionOf('verdict-ord_1_fingerprint_of-22-char')).toBe(0);
});

it('records tokens and values, never an address or a name', async () => {
  const { assess, app: call, ports } = await risk();
  await call(method.recordSignal, { kind: SignalKind.SIGN_UP, buyerRef: 'zhang.san', deviceId: 'device-77', ip: '203.0.113.7' });
  await assess({ buyerToken: buyer('zhang.san'), deviceToken: device('device-77'), ipToken: tokenOf('ip', '203.0.113.7'), ip: '203.0.113.7', emailDomain: 'example.com' });
  const { events } = await ports.store.readAll({ after: -1 as never, max: 100 });
  const all = JSON.stringify(events.map(({ data }) => data));
  expect(events).toHaveLength(2);
  for (const personal of ['203.0.113.7', 'zhang.san', 'device-77']) expect(all).not.toContain(personal);
});

it('keeps its windows over a restart', async () => {
  const first = await risk();
  for (const ref of ['b1', 'b2', 'b3']) await first.assess({ buyerToken: buyer(ref), deviceToken: device('shared') });
  await first.app(method.recordSignal, { kind: SignalKind.SIGN_UP, buyerRef: 'b9' });
  const again = await restarted(first);
  expect(await again.assess({ orderId: 'ord_9', buyerToken: buyer('b4'), deviceToken: device('shared') })).toMatchObject({ verdict: Verdict.REVIEW, reasons: ['device-of-many', 'device-shared'] });
  expect(await again.assess({ orderId: 'ord_10', buyerToken: buyer('b9') })).toMatchObject({ verdict: Verdict.DENY });
});

it('does not count what one channel asserts against the buyers of another', async () => {
  const { assess } = await risk();
  for (const ref of ['b1', 'b2', 'b3']) await assess({ buyerToken: buyer(ref), deviceToken: device('shared'), channelId: 'chn_other' });
  expect(await assess({ buyerToken: buyer('b4'), deviceToken: device('shared') })).toMatchObject({ verdict: Verdict.ALLOW });
});

it('asks for a challenge once, on its own channel and for the same buyer', async () => {
  const { assess } = await risk();
  await assess({ buyerToken: buyer('b1'), deviceToken: device('shared') });
  const mine = { buyerToken: buyer('b2'), deviceToken: device('shared') };
  const challenged = await assess(mine);
  expect(challenged).toMatchObject({ verdict: Verdict.CHALLENGE, reasons: ['device-shared'] });
  const proof = { challengeProof: challenged.challengeToken };
  expect(await assess({ ...mine, ...proof, channelId: 'chn_other', buyerToken: '' })).toMatchObject({ verdict: Verdict.ALLOW }); // another channel: nothing was counted there
  expect(await assess({ buyerToken: buyer('b3'), deviceToken: device('shared'), ...proof })).toMatchObject({ verdict: Verdict.CHALLENGE });
  expect(await assess({ ...mine, ...proof })).toMatchObject({ verdict: Verdict.ALLOW, challengeToken: '' });
});

it('lets a person decide a review in time, and tells order', async () => {
  const { assess, analyst: call, ports } = await risk();
  const told: unknown[] = [];
  ports.bus.subscribe('order', ['risk'], async ({ type, data }) => void told.push({ type, data }));
  for (const ref of ['b1', 'b2', 'b3']) await assess({ buyerToken: buyer(ref), deviceToken: device('shared') });
  const review = await assess({ buyerToken: buyer('b4'), deviceToken: device('shared') });
  const late = await assess({ buyerToken: buyer('b5'), deviceToken: device('shared') });
  expect(review.reviewTimeoutMs).toBe(1_800_000n);
  expect((await call(method.listReviews, { pageSize: 1 })).reviews).toMatchObject([{ state: Review_State.OPEN }]);
  const resolved = await call(method.resolveReview, { verdictId: review.verdictId, decision: VerdictKind.ALLOW, note: 'called the buyer' });
  expect(resolved).toMatchObject({ state: Review_State.RESOLVED, decision: VerdictKind.ALLOW, resolvedBy: 'pri_analyst', note: 'called the buyer' });
  expect((await refusal(call(method.resolveReview, { verdictId: review.verdictId, decision: VerdictKind.DENY }))).code).toBe('REVIEW_ALREADY_RESOLVED');
  await ports.clock.advance(1_801_000);
  expect((await refusal(call(method.resolveReview, { verdictId: late.verdictId, decision: VerdictKind.ALLOW }))).code).toBe('REVIEW_TIMED_OUT');
  expect((await call(method.listReviews, { filter: 'state = "STATE_TIMED_OUT"' })).reviews.map(({ verdictId }) => verdictId)).toEqual([late.verdictId]);
  expect(told).toMatchObject([{ type: 'risk.ReviewResolved.v1', data: { verdictId: review.verdictId, decision: 'allow', by: 'pri_analyst' } }]);
});

const rule = (name: string, when: string, more = {}) => ({ name, when, action: VerdictKind.DENY, words: { zh: '规则', en: 'a rule' }, ...more });

it('publishes rules, names the one that does not compile and where, and rolls back', async () => {
  const { assess, analyst: call } = await risk();
  const failure = await refusal(call(method.publishRuleSet, { rules: [rule('good', 'order_units > 1'), rule('bad', 'order_units > 1 &&\n devise_orders_1h > 2'), rule('worse', 'order_units >')] }));
  expect([failure.code, ...failure.more.fields!.map(({ pointer, en }) => `${pointer} ${en.slice(0, 72)}`)]).toEqual([
    'RULES_INVALID', '/rules/1/when rule bad, line 2, column 2: there is no feature devise_orders_1h', expect.stringMatching(/^\/rules\/2\/when rule worse, line 1, column \d+: syntax error/),
  ]);
  expect(await call(method.publishRuleSet, { rules: [rule('bulk', 'order_units > 1')], etag: 'shipped@1' })).toMatchObject({ version: 'main@1', active: true });
  expect(await assess({ lines: [{ productId: 'p', quantity: 2 }] })).toMatchObject({ verdict: Verdict.DENY, reasons: ['bulk'], ruleSetVersion: 'main@1' });
  expect((await refusal(call(method.publishRuleSet, { rules: [rule('x', 'true')], etag: 'shipped@1' }))).code).toBe('ETAG_MISMATCH');
  expect(await call(method.rollBackRuleSet, { version: 'shipped' })).toMatchObject({ version: 'shipped@1', active: true });
  expect(await assess({ lines: [{ productId: 'p', quantity: 2 }] })).toMatchObject({ verdict: Verdict.ALLOW });
  expect((await call(method.listRuleSets, {})).ruleSets.map(({ version, active }) => [version, active])).toEqual([['main@1', false], ['shipped@1', true]]);
});

it('watches a shadow rule without letting it decide, and judges by a draft without recording', async () => {
  const { assess, analyst: call, ports } = await risk();
  await call(method.publishRuleSet, { rules: [rule('watched', 'true', { shadow: true })] });
  const { verdictId } = await assess();
  expect(await call(method.getVerdict, { id: verdictId })).toMatchObject({ verdict: VerdictKind.ALLOW, reasons: [], shadow: [{ rule: 'watched' }], ruleSetVersion: 'main@1' });
  await call(method.saveRuleSetDraft, { rules: [rule('night', 'order_amount >= 990')] });
  const head = ports.store.head();
  expect(await call(method.assessOrder, { channelId: 'chn_app', total: { minor: 990n, currency: 'CNY' }, useDraft: true })).toMatchObject({
    verdict: VerdictKind.DENY, ruleSetVersion: 'draft', reasons: [{ rule: 'night', words: { en: 'a rule' } }], features: { order_amount: '990' },
  });
  expect(ports.store.head()).toBe(head);
});

it('blocks what is on a block list until its entry ends; a single address is kept as its token only', async () => {
  const { assess, analyst: call, ports } = await risk();
  await call(method.createList, { list: { id: 'lis_bad', name: { en: 'Bad' }, subject: ListSubject.IP, purpose: ListPurpose.BLOCK } });
  const until = { seconds: BigInt(ports.clock.now() / 1000 + 3600), nanos: 0 };
  expect(await call(method.addListEntries, { id: 'lis_bad', entries: [{ value: '198.51.100.0/24' }, { value: '203.0.113.7', until }] })).toMatchObject({ entryCount: 2 });
  expect(await assess({ ip: '198.51.100.200' })).toMatchObject({ verdict: Verdict.DENY, reasons: ['on-block-list'] });
  expect(await assess({ ip: '203.0.113.7', ipToken: tokenOf('ip', '203.0.113.7') })).toMatchObject({ verdict: Verdict.DENY });
  expect(JSON.stringify((await ports.store.readStream('list-lis_bad', { max: 10 })).map(({ data }) => data))).not.toContain('203.0.113.7');
  await ports.clock.advance(3_601_000);
  expect(await assess({ ip: '203.0.113.7', ipToken: tokenOf('ip', '203.0.113.7') })).toMatchObject({ verdict: Verdict.ALLOW });
  await call(method.removeListEntries, { id: 'lis_bad', values: ['198.51.100.0/24'] });
  expect(await assess({ ip: '198.51.100.200' })).toMatchObject({ verdict: Verdict.ALLOW });
});

it('imports list files by content or by name, says which lines are none, and has them after a restart', async () => {
  const first = await risk();
  const { analyst: call, disks } = first;
  for (const network of ['vpn', 'tor', 'datacenter']) {
    await call(method.createList, { list: { id: `lis_${network}`, name: { en: network }, subject: ListSubject.IP, purpose: ListPurpose.NETWORK, network } });
  }
  const file = await disks.sourceDisk.open('tor.lst', 'write');
  await file.write(Buffer.from('192.0.2.1\nnonsense\n2001:db8::/32 # remark\n'), 0);
  await file.close();
  expect(await call(method.importListFile, { id: 'lis_tor', source: { case: 'path', value: 'tor.lst' } })).toMatchObject({ entries: 2, refused: 1, refusedLines: [2], list: { fileName: 'tor.lst', fileEntryCount: 2 } });
  await call(method.importListFile, { id: 'lis_datacenter', source: { case: 'content', value: Buffer.from('192.0.2.0/24\n198.51.100.0/25') } });
  await call(method.importListFile, { id: 'lis_vpn', source: { case: 'content', value: Buffer.from('198.51.100.0/24') } });
  expect((await refusal(call(method.importListFile, { id: 'lis_tor', source: { case: 'path', value: '../secret' } }))).code).toBe('FILE_UNKNOWN');
  const { analyst: ask } = await restarted(first);
  const network = async (ip: string) => {
    await ask(method.saveRuleSetDraft, { rules: [rule('r', 'ip_network != ""')] });
    return (await ask(method.assessOrder, { channelId: 'c', total: { minor: 1n, currency: 'CNY' }, ip, useDraft: true })).features['ip_network'];
  };
  expect([await network('192.0.2.1'), await network('192.0.2.2'), await network('198.51.100.3'), await network('198.51.100.200'), await network('2001:db8:1::2'), await network('8.8.8.8'), await network('')])
    .toEqual(['tor', 'datacenter', 'datacenter', 'vpn', 'tor', 'other', undefined]);
});

it('counts a charge-back against the buyer whose order it was, once', async () => {
  const { assess, ports } = await risk();
  const mine = { buyerToken: buyer('b1'), deviceToken: device('d1') };
  const { verdictId } = await assess(mine);
  const { type, data } = orderEvents.encode({
    type: 'ChargebackOpened', chargebackId: 'cbk_1', orderId: 'ord_1', channelId: 'chn_app', amount: { minor: 990n, currency: 'CNY' }, at: ports.clock.now(), verdictId,
  });
  const message = { id: 'e1', context: 'order', type, stream: 'chargeback-cbk_1', pub: 1, data, occurredAt: instant(0), recordedAt: instant(0), correlation: 'ord_1', causation: 'c', principal: 'svc_order' };
  await ports.bus.publish([message, message]);
  expect(await assess(mine)).toMatchObject({ verdict: Verdict.REVIEW, reasons: ['charged-back-before'] });
  expect(await ports.store.revisionOf('signal-cbk_1')).toBe(0);
});

it('takes a signal once per request id, of the caller’s own channel, not of the future', async () => {
  const { app: call, analyst: staff } = await risk();
  const signal = { kind: SignalKind.LOGIN, buyerRef: 'b1', requestId: 'r1', channelId: 'chn_other' };
  const { signalId } = await call(method.recordSignal, signal);
  expect((await call(method.recordSignal, signal)).signalId).toBe(signalId);
  expect((await refusal(call(method.recordSignal, { ...signal, buyerRef: 'b2' }))).code).toBe('REQUEST_ID_REUSED');
  expect((await refusal(call(method.recordSignal, { kind: SignalKind.LOGIN, ip: '1.2.3' }))).code).toBe('IP_INVALID');
  expect((await refusal(call(method.recordSignal, { kind: SignalKind.LOGIN, buyerRef: 'b', occurredAt: { seconds: 9_999_999_999n, nanos: 0 } }))).code).toBe('OUT_OF_RANGE');
  expect((await refusal(staff(method.recordSignal, { kind: SignalKind.LOGIN, buyerRef: 'b' }))).code).toBe('CHANNEL_REQUIRED');
});
