import type { Verdict } from '../domain/verdict.js';
import { hashOf, keyOf, scopedKey } from './windows/key.js';
import { COUNTERS, DISTINCTS, type CounterName, type DistinctName, type PartyKind, PARTY_KINDS, type RiskWindows, type Table } from './windows/risk-windows.js';

/** What an order is judged by, besides the windows. Everything derived from personal values is derived already. */
export type Subject = Pick<Verdict, 'channelId' | 'parties' | 'lines' | 'total' | 'at'> & {
  /** Kind of the network the address belongs to; empty = no address, `other` = on no list. */
  readonly network: string;
  readonly emailDomain: string;
  readonly emailDisposable: boolean;
  /** Ids of the lists that hold the order's IP, device, buyer or payee, by what the lists are for. */
  readonly listed: { readonly block: readonly string[]; readonly allow: readonly string[]; readonly watch: readonly string[] };
  readonly challengeMet: boolean;
};
export type FeatureType = 'int' | 'bool' | 'string' | 'list';
export type Feature = {
  readonly name: string;
  readonly type: FeatureType;
  readonly zh: string;
  readonly en: string;
  readonly read: (subject: Subject, windows: RiskWindows, slots: Slots) => number | boolean | string | readonly string[];
};
/** Where the parties of a subject are in the windows' tables, looked up once; -1 = nowhere. */
export type Slots = Readonly<Record<PartyKind | `any_${PartyKind}`, number>>;

export const slotsOf = ({ channelId, parties }: Subject, { tables }: RiskWindows): Slots => {
  const slots: Record<keyof Slots, number> = { buyer: -1, device: -1, ip: -1, payee: -1, any_buyer: -1, any_device: -1, any_ip: -1, any_payee: -1 };
  for (const kind of PARTY_KINDS) {
    const token = parties[kind];
    if (token === undefined) continue;
    const key = keyOf(token);
    slots[kind] = tables[kind].keys.find(scopedKey(channelId, key));
    if (kind !== 'buyer') slots[`any_${kind}`] = tables[kind].keys.find(key);
  }
  return slots;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Windows a rule may name. */
export const WINDOWS = { '1m': MINUTE, '10m': 10 * MINUTE, '1h': HOUR, '1d': DAY, '7d': 7 * DAY, '30d': 30 * DAY } as const;
const WINDOW_WORDS = {
  '1m': ['1 分钟', 'minute'], '10m': ['10 分钟', '10 minutes'], '1h': ['1 小时', 'hour'], '1d': ['1 天', 'day'], '7d': ['7 天', '7 days'], '30d': ['30 天', '30 days'],
} as const;
const PARTY_WORDS = { buyer: ['买家', 'buyer'], device: ['设备', 'device'], ip: ['IP', 'address'], payee: ['收款账户', 'payee'] } as const;
const COUNTER_WORDS: Readonly<Record<CounterName, readonly [string, string]>> = {
  orders: ['订单数', 'orders'], denied: ['被拒订单数', 'denied orders'], signups: ['注册数', 'sign-ups'], logins: ['登录数', 'log-ins'],
  failures: ['登录、支付或验证失败数', 'failed log-ins, payments or challenges'], chargebacks: ['拒付数', 'charge-backs'],
};
const DISTINCT_WORDS: Readonly<Record<DistinctName, readonly [string, string]>> = {
  buyers: ['其他买家数', 'other buyers'], devices: ['其他设备数', 'other devices'], ips: ['其他 IP 数', 'other addresses'], payees: ['其他收款账户数', 'other payees'],
};
const OWN_SET: Readonly<Record<PartyKind, DistinctName>> = { buyer: 'buyers', device: 'devices', ip: 'ips', payee: 'payees' };

const PARTY_OF: Readonly<Record<DistinctName, PartyKind>> = { buyers: 'buyer', devices: 'device', ips: 'ip', payees: 'payee' };
/** Different others met, this order's own left out, so that a sign-up just before does not count against its own order. */
const others = (table: Table, slot: number, distinct: DistinctName, { parties, at }: Subject, windowMs: number): number => {
  const own = parties[PARTY_OF[distinct]];
  const total = table.distinct(slot, distinct, at, windowMs);
  return total > 0 && own !== undefined && table.met(slot, distinct, hashOf(own), at, windowMs) ? total - 1 : total;
};

/** Every count, sum and distinct count of one kind of party; `any_…` over all channels. */
const partyFeatures = (kind: PartyKind, anywhere: boolean): Feature[] => {
  const table = (windows: RiskWindows): Table => windows.tables[kind];
  const name: keyof Slots = anywhere ? `any_${kind}` : kind;
  const whose = anywhere ? [`全部渠道中该${PARTY_WORDS[kind][0]}`, `of the ${PARTY_WORDS[kind][1]} over all channels`] : [`该${PARTY_WORDS[kind][0]}`, `of the ${PARTY_WORDS[kind][1]}`];
  const features: Feature[] = [];
  for (const [window, ms] of Object.entries(WINDOWS) as [keyof typeof WINDOWS, number][]) {
    const [zhWindow, enWindow] = WINDOW_WORDS[window];
    const said = (zh: string, en: string) => ({ zh: `${zhWindow}内${whose[0]}的${zh}（不含本单）`, en: `${en} ${whose[1]} in the last ${enWindow}, this order not counted` });
    for (const counter of COUNTERS) {
      features.push({ name: `${name}_${counter}_${window}`, type: 'int', ...said(...COUNTER_WORDS[counter]), read: (s, w, at) => table(w).count(at[name], counter, s.at, ms) });
    }
    features.push({ name: `${name}_amount_${window}`, type: 'int', ...said('订单金额（最小单位）', 'amount ordered, minor units,'), read: (s, w, at) => table(w).sum(at[name], 'orders', s.at, ms) });
    for (const distinct of DISTINCTS) {
      if (distinct === OWN_SET[kind]) continue;
      features.push({ name: `${name}_${distinct}_${window}`, type: 'int', ...said(...DISTINCT_WORDS[distinct]), read: (s, w, at) => others(table(w), at[name], distinct, s, ms) });
    }
  }
  return features;
};

const windowed = (name: string, zh: string, en: string, read: (subject: Subject, windows: RiskWindows, ms: number) => number): Feature[] =>
  (Object.entries(WINDOWS) as [keyof typeof WINDOWS, number][]).map(([window, ms]) => ({
    name: `${name}_${window}`, type: 'int', zh: `${WINDOW_WORDS[window][0]}内${zh}`, en: `${en} in the last ${WINDOW_WORDS[window][1]}`, read: (s, w) => read(s, w, ms),
  }));

const sinceSignUp = (windows: RiskWindows, { buyer }: Slots): number => windows.tables.buyer.since(buyer);

const plain: readonly Feature[] = [
  { name: 'order_amount', type: 'int', zh: '订单总额（最小单位）', en: "the order's total in minor units", read: ({ total }) => Number(total.minor) },
  { name: 'order_units', type: 'int', zh: '订单件数', en: 'units of the order', read: ({ lines }) => lines.reduce((sum, { quantity }) => sum + quantity, 0) },
  { name: 'order_lines', type: 'int', zh: '订单行数', en: 'lines of the order', read: ({ lines }) => lines.length },
  { name: 'order_currency', type: 'string', zh: '货币', en: 'currency', read: ({ total }) => total.currency },
  { name: 'channel', type: 'string', zh: '渠道编号', en: 'id of the channel', read: ({ channelId }) => channelId },
  { name: 'products', type: 'list', zh: '商品编号', en: 'ids of the products', read: ({ lines }) => lines.map(({ productId }) => productId) },
  { name: 'account_known', type: 'bool', zh: '已知买家的注册时间', en: 'when the buyer signed up is known', read: (_, w, at) => !Number.isNaN(sinceSignUp(w, at)) },
  {
    name: 'account_age_s', type: 'int', zh: '注册至下单的秒数；未知为 -1', en: 'seconds since the buyer signed up; -1 if not known',
    read: (s, w, at) => {
      const since = sinceSignUp(w, at);
      return Number.isNaN(since) ? -1 : Math.max(0, Math.floor((s.at - since) / 1000));
    },
  },
  { name: 'ip_network', type: 'string', zh: 'IP 所属网络：tor、datacenter、vpn、other，无 IP 为空', en: 'network of the address: tor, datacenter, vpn, … or other; empty without one', read: ({ network }) => network },
  { name: 'email_domain', type: 'string', zh: '邮箱域名', en: 'domain of the e-mail', read: ({ emailDomain }) => emailDomain },
  { name: 'email_disposable', type: 'bool', zh: '一次性邮箱', en: 'the e-mail is disposable', read: ({ emailDisposable }) => emailDisposable },
  { name: 'list_block', type: 'bool', zh: '在黑名单上', en: 'on a block list', read: ({ listed }) => listed.block.length > 0 },
  { name: 'list_allow', type: 'bool', zh: '在白名单上', en: 'on an allow list', read: ({ listed }) => listed.allow.length > 0 },
  { name: 'list_watch', type: 'bool', zh: '在观察名单上', en: 'on a watch list', read: ({ listed }) => listed.watch.length > 0 },
  { name: 'lists', type: 'list', zh: '命中的名单编号', en: 'ids of the lists it is on', read: ({ listed }) => [...listed.block, ...listed.allow, ...listed.watch] },
  { name: 'challenge_met', type: 'bool', zh: '已通过验证', en: 'a challenge was met', read: ({ challengeMet }) => challengeMet },
  ...PARTY_KINDS.map((kind): Feature => ({
    name: `${kind}_given`, type: 'bool', zh: `订单带有${PARTY_WORDS[kind][0]}`, en: `the order names a ${PARTY_WORDS[kind][1]}`, read: ({ parties }) => parties[kind] !== undefined,
  })),
];

/** Everything a rule may name. */
export const FEATURES: ReadonlyMap<string, Feature> = new Map([
  ...plain,
  ...PARTY_KINDS.flatMap((kind) => [...partyFeatures(kind, false), ...(kind === 'buyer' ? [] : partyFeatures(kind, true))]),
  ...windowed('channel_orders', '该渠道的订单数', 'orders of the channel', (s, w, ms) => w.channels.count(w.channels.keys.find(keyOf(s.channelId)), 'orders', s.at, ms)),
  ...windowed('channel_amount', '该渠道的订单金额（最小单位）', 'amount ordered on the channel, minor units,', (s, w, ms) => w.channels.sum(w.channels.keys.find(keyOf(s.channelId)), 'orders', s.at, ms)),
  ...windowed('product_units', '本单商品中售出最多者的件数', 'units ordered of that product of the order which sold most', (s, w, ms) =>
    Math.max(0, ...s.lines.map(({ productId }) => w.products.count(w.products.keys.find(keyOf(productId)), 'units', s.at, ms)))),
].map((feature) => [feature.name, feature]));
