import { readFileSync } from 'node:fs';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { listCodec, reviewCodec, ruleSetCodec, signalCodec, verdictCodec } from './codecs.js';

const samples = JSON.parse(readFileSync(path.join(__dirname, 'samples.json'), 'utf8')) as { type: string; data: unknown }[];
const at = instant(1_772_413_200_000);
const total = { minor: 990n, currency: 'CNY' };
const parties = { buyer: 'tok_b', device: 'tok_d', payee: 'tok_p', ip: 'tok_i' };
const rules = [{ name: 'r', action: 'deny', when: 'true', zh: '规则', en: 'rule', shadow: false }];
/** One of each, with every field. */
const events = [
  [verdictCodec, {
    type: 'VerdictGiven', orderId: 'ord_1', channelId: 'chn_a', verdict: 'review', reasons: ['r'], shadow: ['s'], ruleSet: 'main@1',
    features: { order_amount: 990, list_block: true, ip_network: 'tor' }, parties, lines: [{ productId: 'prd_a', quantity: 2 }], total: { minor: 990n, currency: 'USD' }, challengeMet: true, reviewUntil: at, at,
  }],
  [verdictCodec, {
    type: 'VerdictGiven', orderId: 'ord_1', channelId: 'chn_a', verdict: 'allow', reasons: [], shadow: [], ruleSet: 'main@1', features: {}, parties: {},
    lines: [{ productId: 'prd_a', quantity: 2 }], total, challengeMet: false, at,
  }],
  [signalCodec, { type: 'SignalRecorded', kind: 'sign_up', channelId: 'chn_a', parties, occurredAt: at, print: 'p' }],
  [reviewCodec, { type: 'ReviewOpened', verdictId: 'vdt_1', orderId: 'ord_1', channelId: 'chn_a', total, reasons: ['r'], until: at, at }],
  [reviewCodec, { type: 'ReviewResolved', orderId: 'ord_1', verdictId: 'vdt_1', decision: 'allow', by: 'pri_a', note: 'n', at }],
  [ruleSetCodec, { type: 'RuleSetDrafted', rules, note: 'n', at }],
  [ruleSetCodec, { type: 'RuleSetPublished', version: 1, rules, note: 'n', at }],
  [ruleSetCodec, { type: 'RuleSetRolledBack', to: 0, note: 'n', at }],
  [listCodec, { type: 'ListCreated', id: 'lis_a', zh: '名单', en: 'list', subject: 'ip', purpose: 'network', network: 'tor', at }],
  [listCodec, { type: 'ListEntriesAdded', entries: [{ value: '192.0.2.0/24', until: at }], at }],
  [listCodec, { type: 'ListEntriesRemoved', values: ['192.0.2.0/24'], at }],
  [listCodec, { type: 'ListFileLoaded', sha256: 'f'.repeat(64), name: 'tor.lst', entries: 3, at }],
] as const;
const written = (): { type: string; data: unknown }[] =>
  events.map(([codec, event]) => JSON.parse(JSON.stringify((codec.encode as (event: unknown) => unknown)(event))) as { type: string; data: unknown });

it('reads back what it wrote', () => {
  expect(written().map(({ type, data }, i) => events[i]![0].decode(type, data))).toEqual(events.map(([, event]) => event));
});

/** Never edited, never deleted: what was once written must be read for ever. */
it('reads every golden sample of its events, and writes the newest as they stand there', () => {
  expect(samples).toEqual(written());
  for (const { type, data } of samples) expect(events.some(([codec]) => codec.decode(type, data) !== undefined)).toBe(true);
});
