import { instant } from '@vouchsafe/kernel';
import { CatalogService } from '@vouchsafe/proto/catalog/v1/catalog';
import { ProductKind, SettlementMode } from '@vouchsafe/proto/common/v1/types';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { type Order, OrderService, OrderState } from '@vouchsafe/proto/order/v1/order';
import { type After, afterChecks, auditAfter, type Check } from '../../audit/after.js';
import { applyCatalog } from '../../client/apply-catalog.js';
import { stockUp } from '../../demo/furnish.js';
import type { Speech } from '../../speech.js';
import { sharedData } from '../data.js';
import { settled } from '../settled.js';
import { Stage } from '../stage.js';

export const benefitsFile = (): string => sharedData('catalog', 'cn_carrier_benefits_skus.json');
export type BenefitsReport = {
  /** Records made by the first application, and by the second (none). */
  readonly created: number; readonly createdAgain: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Products that share a title with another. */
  readonly equalTitles: Readonly<Record<string, readonly string[]>>;
  /** What a buyer asked for, and what became of it. */
  readonly orders: readonly { readonly what: string; readonly state: string; readonly reason: string; readonly total: string; readonly delivered: number }[];
  readonly codes: number;
  readonly after: After;
};

const CHANNEL = 'chn_benefits';
const START = instant(Date.UTC(2026, 2, 2, 1));
/** Between two looks at an order so much time passes. */
const LATER_MS = 5_000;
const POLL_MS = 20;
const POLLS_MAX = 500;
const FINAL: readonly OrderState[] = [OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED];
/** Sold as: `[what, product, quantity, phone]`; the ends of the numbers tell the sandbox's carrier what to do. */
const WISHES: readonly (readonly [what: string, product: string, quantity: number, phone?: string])[] = [
  ['1 GB of data, the first of five equal titles', 'prd_cu.100085', 1, '13800000066'],
  ['1 GB of data, the fifth of them, for the same number', 'prd_cu.100089', 1, '13800000066'],
  ['three times CNY 0.20 of phone credit', 'prd_cu.100090', 3, '13800000067'],
  ['four times CNY 0.20, of which half arrives', 'prd_cu.100091', 4, '13800000006'],
  ['data for a number that is closed', 'prd_cu.100086', 1, '13800000001'],
  ['a month of Mango TV, a code', 'prd_cu.100028', 2],
  ['the membership, which the source hides', 'prd_cu.100061', 1],
];

/** Applies a carrier's benefits as `vouchsafe apply --format cn_carrier_benefits` does, and buys some: data and credit as top-ups, a code. */
export const traceBenefits = async ({ file }: { readonly file: string }, speech: Speech): Promise<BenefitsReport> => {
  const stage = await Stage.open({ start: START, channels: [CHANNEL], terminals: [] });
  try {
    const { created, createdAgain } = await furnish(stage, file);
    const { products } = await stage.as('admin').call(CatalogService.method.listProducts, { pageSize: 500 });
    const titles = Map.groupBy(products, ({ name }) => name?.zh ?? '');
    const orders: BenefitsReport['orders'][number][] = [];
    let codes = 0;
    for (const [n, [what, productId, quantity, phone]] of WISHES.entries()) {
      const order = await buy(stage, `B-${n + 1}`, { productId, quantity, ...(phone !== undefined && { accountFields: { phone } }) });
      orders.push(outcomeOf(what, order));
      if (phone === undefined && order.state === OrderState.COMPLETED) codes += await disclosedIn(stage, order);
    }
    await settled(stage);
    await stage.stop();
    speech.note(speech.t('审计…', 'auditing …'));
    const after = await auditAfter({ data: stage.data, namespace: 'sandbox' });
    const kinds: Record<string, number> = {};
    for (const { kind } of products) kinds[ProductKind[kind]] = (kinds[ProductKind[kind]] ?? 0) + 1;
    const equalTitles = Object.fromEntries([...titles].filter(([, same]) => same.length > 1).map(([title, same]) => [title, same.map(({ labels }) => labels.sku ?? '')]));
    return { created, createdAgain, kinds, equalTitles, orders, codes, after };
  } finally {
    await stage.close();
  }
};

const outcomeOf = (what: string, order: Order): BenefitsReport['orders'][number] => ({
  what, state: OrderState[order.state], reason: order.reason?.code ?? '', total: order.total?.display ?? '', delivered: order.lines[0]?.delivered ?? 0,
});
const disclosedIn = async (stage: Stage, { orderId }: Order): Promise<number> => {
  let codes = 0;
  for await (const { secrets } of stage.as(CHANNEL).stream(FulfillmentService.method.discloseSecrets, { orderId })) codes += secrets.length;
  return codes;
};

const furnish = async (stage: Stage, file: string): Promise<{ readonly created: number; readonly createdAgain: number }> => {
  const admin = stage.as('admin');
  await admin.call(CatalogService.method.createChannel, { channel: { id: CHANNEL, name: { zh: '权益商城', en: 'Benefits shop' }, settlement: SettlementMode.PREPAID } });
  await admin.call(LedgerService.method.createDeposit, { channelId: CHANNEL, amount: { minor: 100_000n, currency: 'CNY' }, bank: 'icbc', bankReference: 'BENEFITS-1' });
  const { created } = await applyCatalog(admin, file, { format: 'cn_carrier_benefits', channel: CHANNEL, price: '3.00' });
  const { created: createdAgain } = await applyCatalog(admin, file, { format: 'cn_carrier_benefits', channel: CHANNEL, price: '3.00' });
  await stockUp(admin, { folder: stage.folder, salt: 'mango', product: 'prd_cu.100028', supplier: 'sup_carrier-benefits', count: 20, unitCost: '2.40', pollMs: POLL_MS });
  return { created, createdAgain };
};

/** Ordered, and followed to its end; a top-up may take its time, which passes. */
const buy = async (stage: Stage, number: string, line: { readonly productId: string; readonly quantity: number; readonly accountFields?: Record<string, string> }): Promise<Order> => {
  const channel = stage.as(CHANNEL);
  const placed = await channel.call(OrderService.method.placeOrder, { number, waitMs: 0, buyer: { ref: number }, lines: [line] });
  if (FINAL.includes(placed.state)) return placed;
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    await stage.goTo(instant(stage.clock.now() + LATER_MS));
    await stage.wake();
    const order = await channel.call(OrderService.method.getOrder, { orderId: placed.orderId });
    if (FINAL.includes(order.state)) return order;
  }
  throw new Error(`${number} did not end`);
};

const EXPECTED: readonly (readonly [state: string, reason: string, total: string, delivered: number])[] = [
  ['COMPLETED', '', '3.00', 1], ['COMPLETED', '', '3.00', 1], ['COMPLETED', '', '0.60', 3], ['COMPLETED', '', '0.80', 2], ['CANCELLED', 'ACCOUNT_CLOSED', '3.00', 0], ['COMPLETED', '', '6.00', 2],
  ['REJECTED', 'NOT_LISTED', '0.00', 0],
];
export const benefitsChecks = ({ created, createdAgain, kinds, equalTitles, orders, codes, after }: BenefitsReport, t: Speech['t']): readonly Check[] => [
  [created > 0 && createdAgain === 0, t(`目录应用两次只建一次（${created}）`, `applied twice, made once (${created})`), []],
  [kinds.TOP_UP === 10 && kinds.CODE === 8 && kinds.OWN_VOUCHER === 1, t('十个直充、八个卡密、一个自有券', 'ten top-ups, eight codes, one voucher of ours'), [JSON.stringify(kinds)]],
  [Object.values(equalTitles).every((skus) => new Set(skus).size === 5), t('同名商品仍是各自的商品，凭来源名称分辨', 'equal titles stay different products, told apart by the source’s name'), [JSON.stringify(equalTitles)]],
  ...orders.map(({ what, state, reason, total, delivered }, i): Check => {
    const found = JSON.stringify([state, reason, total, delivered]);
    return [found === JSON.stringify(EXPECTED[i]), `${what}: ${state} ${reason}`.trim(), [`${found} ≠ ${JSON.stringify(EXPECTED[i])}`]];
  }),
  [codes === 2, t(`取得卡密 ${codes} 个`, `${codes} codes disclosed`), []],
  ...afterChecks(after, t),
];
