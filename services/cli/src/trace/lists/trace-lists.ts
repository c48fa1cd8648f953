import { existsSync } from 'node:fs';
import path from 'node:path';
import { instant } from '@vouchsafe/kernel';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { ListPurpose, ListSubject, RiskService } from '@vouchsafe/proto/risk/v1/risk';
import { type After, afterChecks, auditAfter, type Check } from '../../audit/after.js';
import { applyCatalog } from '../../client/apply-catalog.js';
import { EXAMPLE_CATALOG, stockUp } from '../../demo/furnish.js';
import { CommandFailure, EXIT, type Speech } from '../../speech.js';
import { sharedData } from '../data.js';
import { settled } from '../settled.js';
import { Stage } from '../stage.js';
import { pickAddresses } from './addresses.js';

export const listsFolder = (): string => sharedData('ipintel');
type Fact = { readonly verdict: string; readonly network: string; readonly reasons: readonly string[]; readonly shadow: readonly string[] };
export type ListsReport = {
  /** Entries by list, as the platform counted them, and how long each took to load. */
  readonly lists: readonly { readonly id: string; readonly file: string; readonly entries: number; readonly refused: number; readonly ms: number }[];
  /** What an order from each address was given. */
  readonly orders: readonly (Fact & { readonly from: string; readonly state: string })[];
  readonly after: After;
};

const CHANNEL = 'chn_dist';
const START = instant(Date.UTC(2026, 7, 22));
const DAY_MS = 86_400_000;
const NETWORKS = [
  ['lis_tor', 'tor', 'tor_nodes.lst'], ['lis_datacenter-v4', 'datacenter', 'x4bnet_datacenter_ipv4.txt'], ['lis_datacenter-v6', 'datacenter', 'x4bnet_datacenter_ipv6.txt'],
  ['lis_vpn-v4', 'vpn', 'x4bnet_vpn_ipv4.txt'], ['lis_vpn-v6', 'vpn', 'x4bnet_vpn_ipv6.txt'],
] as const;
const DISPOSABLE = 'disposable_email_blocklist.conf';

/** Loads real network lists through the public contract, from the folder configured for them, and orders from an address of each kind. */
export const traceLists = async ({ folder }: { readonly folder: string }, speech: Speech): Promise<ListsReport> => {
  if (!existsSync(path.join(folder, 'tor_nodes.lst'))) throw new CommandFailure(EXIT.data, `没有网络名单：${folder}`, `there are no network lists in ${folder}`);
  const stage = await Stage.open({ start: START, channels: [CHANNEL], terminals: [], lists: folder });
  try {
    const lists = await load(stage);
    const placed = await orderFromEach(stage, folder);
    await stage.goTo(instant(stage.clock.now() + DAY_MS)); // what is in review times out
    await settled(stage);
    await stage.stop();
    speech.note(speech.t('审计…', 'auditing …'));
    const facts = new Map<string, Fact>();
    const after = await auditAfter({ data: stage.data, namespace: 'sandbox' }, ({ stream, data }) => {
      if (!stream.startsWith('verdict-')) return;
      const { orderId, verdict = 'allow', reasons = [], shadow = [], features } = data as unknown as Partial<Fact> & { readonly orderId: string; readonly features: Readonly<Record<string, string>> };
      facts.set(orderId, { verdict, reasons, shadow, network: features.ip_network ?? '' });
    });
    return { lists, orders: placed.map(({ from, orderId, state }) => ({ from, state: OrderState[state], ...facts.get(orderId)! })), after };
  } finally {
    await stage.close();
  }
};

const load = async (stage: Stage): Promise<ListsReport['lists']> => {
  const admin = stage.as('admin');
  const loaded: ListsReport['lists'][number][] = [];
  const one = async (id: string, file: string): Promise<void> => {
    const from = performance.now();
    const { entries, refused } = await admin.call(RiskService.method.importListFile, { id, source: { case: 'path', value: file } });
    loaded.push({ id, file, entries, refused, ms: Math.round(performance.now() - from) });
  };
  for (const [id, network, file] of NETWORKS) {
    await admin.call(RiskService.method.createList, { list: { id, name: { zh: network, en: network }, subject: ListSubject.IP, purpose: ListPurpose.NETWORK, network } });
    await one(id, file);
  }
  await admin.call(RiskService.method.createList, { list: { id: 'lis_disposable', name: { zh: '一次性邮箱', en: 'Disposable e-mail' }, subject: ListSubject.EMAIL_DOMAIN, purpose: ListPurpose.DISPOSABLE } });
  await one('lis_disposable', DISPOSABLE);
  return loaded;
};

const orderFromEach = async (stage: Stage, folder: string) => {
  const admin = stage.as('admin');
  await applyCatalog(admin, EXAMPLE_CATALOG);
  await admin.call(LedgerService.method.createDeposit, { channelId: CHANNEL, amount: { minor: 1_000_000n, currency: 'CNY' }, bank: 'icbc', bankReference: 'LISTS-1' });
  await stockUp(admin, { folder: stage.folder, salt: 'lists', product: 'prd_video-month', supplier: 'sup_video', count: 20, unitCost: '16.00' });
  const { tor, tor6, datacenter, vpn, other } = pickAddresses(folder);
  const buyers = [['tor', tor, ''], ['tor, IPv6', tor6, ''], ['datacenter', datacenter, ''], ['vpn', vpn, ''], ['other', other, ''], ['disposable e-mail', other, 'me@mailinator.com']] as const;
  const placed: { from: string; orderId: string; state: OrderState }[] = [];
  for (const [n, [from, ip, email]] of buyers.entries()) {
    const { orderId, state } = await stage.as(CHANNEL).call(OrderService.method.placeOrder, {
      number: `L-${n}`, buyer: { ref: `buyer-${n}`, device: `device-${n}`, ip, email }, lines: [{ productId: 'prd_video-month', quantity: 1 }], waitMs: 30_000,
    });
    placed.push({ from, orderId, state });
  }
  return placed;
};

const EXPECTED: Readonly<Record<string, readonly [network: string, verdict: string, rule: string]>> = {
  tor: ['tor', 'review', 'from-tor'], 'tor, IPv6': ['tor', 'review', 'from-tor'], datacenter: ['datacenter', 'challenge', 'from-datacenter'], vpn: ['vpn', 'allow', 'from-vpn'],
  other: ['other', 'allow', ''], 'disposable e-mail': ['other', 'challenge', 'disposable-e-mail'],
};
export const listsChecks = ({ lists, orders, after }: ListsReport, t: Speech['t']): readonly Check[] => [
  [lists.every(({ refused }) => refused === 0), t('名单逐行读入，无一行被拒', 'every line of every list was taken'), lists.filter(({ refused }) => refused > 0).map(({ id, refused }) => `${id}: ${refused}`)],
  ...orders.map(({ from, network, verdict, reasons, shadow }): Check => {
    const [expectedNetwork, expectedVerdict, rule] = EXPECTED[from] ?? ['', '', ''];
    const fits = network === expectedNetwork && verdict === expectedVerdict && (rule === '' || [...reasons, ...shadow].includes(rule));
    return [fits, `${from}: ${network}, ${verdict} ${[...reasons, ...shadow.map((name) => `(${name})`)].join(' ')}`.trim(), [`${expectedNetwork}, ${expectedVerdict}, ${rule}`]];
  }),
  ...afterChecks(after, t),
];
export const listsLines = ({ lists }: ListsReport, t: Speech['t']): readonly string[] =>
  lists.map(({ id, file, entries, ms }) => `  ${id.padEnd(20)} ${String(entries).padStart(6)}  ${file} (${t('读入', 'loaded in')} ${ms} ms)`);
