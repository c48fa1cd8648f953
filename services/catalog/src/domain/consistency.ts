import type { ChannelSpec, ListingSpec, PriceListSpec, ProductSpec, StoreSpec, SupplierSpec, TerminalSpec } from './records.js';
import { DEFAULT_BOOK } from './records.js';
import { undercuts } from './floors.js';
import type { Kind, Specs } from './kinds.js';
import type { Problem } from './problem.js';
import { bookOf, type Terms } from './terms.js';

/** Levels of the channel tree. */
export const DEPTH_MAX = 5;

const unknown = (field: string, id: string): Problem => ({ field, code: 'REFERENCE_UNKNOWN', zh: `${id} 不存在`, en: `${id} does not exist` });
const needed = (field: string): Problem => ({ field, code: 'FIELD_REQUIRED', zh: '必填', en: 'is required' });
const unfit = (field: string, zh: string, en: string): Problem => ({ field, code: 'FIELD_NOT_ALLOWED', zh, en });
const otherBook = (field: string): Problem => ({
  field, code: 'BOOK_DIFFERS', zh: '属于另一账套，账套之间不得混用', en: 'belongs to other books; books never mix',
});
const bookKnown = (terms: Terms, { bookId }: { readonly bookId?: string }) => bookId !== undefined && !terms.book(bookId) && unknown('bookId', bookId);
type Rules = { readonly [K in Kind]: (terms: Terms, id: string, spec: Specs[K]) => readonly (Problem | undefined | false)[] };

const product = (terms: Terms, _: string, spec: ProductSpec) => [...productReferences(terms, spec), ...productKindOf(spec)];
const productReferences = (terms: Terms, { supplierId, groupId, bookId, usage }: ProductSpec) => {
  const supplier = supplierId === undefined ? undefined : terms.supplier(supplierId);
  const suppliedBook = supplier && (supplier.spec.bookId ?? DEFAULT_BOOK);
  return [
    supplierId !== undefined && !supplier && unknown('supplierId', supplierId),
    groupId !== undefined && !terms.hasProductGroup(groupId) && unknown('groupId', groupId),
    bookKnown(terms, { bookId }),
    bookId !== undefined && suppliedBook !== undefined && suppliedBook !== bookId && otherBook('supplierId'),
    ...usage.storeIds.map((id, i) => !terms.store(id) && unknown(`usage/storeIds/${i}`, id)),
  ];
};
const productKindOf = ({ kind, supplierId, topUp, usage, faceMinor }: ProductSpec) => {
  const isTopUp = kind === 'top_up';
  return [
    isTopUp && supplierId === undefined && needed('supplierId'),
    isTopUp && !topUp && needed('topUp'),
    !isTopUp && topUp && unfit('topUp', '仅直充商品可填', 'only a top-up has it'),
    kind !== 'own_voucher' && usage.usage !== 'single' && unfit('usage/kind', '仅权益券可多次或按余额使用', 'only our own vouchers are used in parts'),
    usage.usage === 'balance' && faceMinor === 0n && needed('faceValue'),
  ];
};

const channel = (terms: Terms, id: string, spec: ChannelSpec) => [
  ...(spec.parentId === undefined ? rootChannel(spec) : childChannel(terms, id, spec, spec.parentId)),
  bookKnown(terms, spec),
  spec.settlement === 'consumer_pay' && !spec.paymentProvider && needed('paymentProvider'),
];
const rootChannel = (spec: ChannelSpec) => [
  spec.settlement === undefined && ({
    field: 'settlement', code: 'ROOT_MUST_SETTLE', zh: '顶级渠道须有结算方式', en: 'a root channel needs a settlement mode',
  } as const),
];
const childChannel = (terms: Terms, id: string, spec: ChannelSpec, parentId: string) => {
  const parent = terms.channel(parentId);
  if (!parent || parent.path.some((one) => one.id === id)) return [unknown('parentId', parentId)];
  return [
    parent.path.length >= DEPTH_MAX && ({
      field: 'parentId', code: 'TREE_TOO_DEEP', zh: `渠道最多 ${DEPTH_MAX} 级`, en: `the tree has at most ${DEPTH_MAX} levels`,
    } as const),
    spec.currency !== undefined && spec.currency !== parent.currency && ({
      field: 'currency', code: 'CURRENCY_DIFFERS', zh: `上级渠道的货币是 ${parent.currency}`, en: `the parent's currency is ${parent.currency}`,
    } as const),
    spec.bookId !== undefined && spec.bookId !== parent.bookId && otherBook('bookId'),
  ];
};

const priceList = (terms: Terms, id: string, spec: PriceListSpec) => {
  const owner = terms.channel(spec.channelId);
  if (!owner) return [unknown('channelId', spec.channelId)];
  const seen = new Set<string>();
  return [
    spec.currency !== owner.currency && ({
      field: 'currency', code: 'CURRENCY_DIFFERS', zh: `渠道的货币是 ${owner.currency}`, en: `the channel's currency is ${owner.currency}`,
    } as const),
    ...spec.entries.flatMap(({ productId }, i) => {
      const twice = seen.has(productId);
      seen.add(productId);
      return [
        !terms.product(productId) && unknown(`entries/${i}/productId`, productId),
        twice && ({ field: `entries/${i}/productId`, code: 'PRODUCT_TWICE', zh: '同一价目中商品重复', en: 'the product is in this list twice' } as const),
      ];
    }),
    ...undercuts(terms, owner, id, spec),
  ];
};

const listing = (terms: Terms, id: string, spec: ListingSpec) => {
  const [owner, sold] = [terms.channel(spec.channelId), terms.product(spec.productId)];
  const supplier = sold?.spec.supplierId === undefined ? undefined : terms.supplier(sold.spec.supplierId)?.spec;
  const overlapping = terms.listings(spec.channelId, spec.productId).find(
    (other) => other.id !== id && startOf(other.spec) < endOf(spec) && startOf(spec) < endOf(other.spec),
  );
  return [
    !owner && unknown('channelId', spec.channelId),
    !sold && unknown('productId', spec.productId),
    owner && sold && bookOf(sold.spec, supplier, DEFAULT_BOOK) !== owner.bookId && otherBook('productId'),
    overlapping && ({
      field: 'openFrom', code: 'LISTING_OVERLAPS', zh: `与 ${overlapping.id} 的上架时间重叠`, en: `its window overlaps that of ${overlapping.id}`,
    } as const),
    spec.minQuantity > spec.maxQuantity && unfit('minQuantity', '最小数量大于最大数量', 'is larger than the largest quantity'),
  ];
};
const startOf = ({ from }: ListingSpec): number => from ?? -Infinity;
const endOf = ({ until }: ListingSpec): number => until ?? Infinity;

const RULES: Rules = {
  Book: () => [],
  ProductGroup: () => [],
  Supplier: (terms, _, spec: SupplierSpec) => [bookKnown(terms, spec)],
  Product: product,
  Channel: channel,
  PriceList: priceList,
  Listing: listing,
  Store: (terms, _, spec: StoreSpec) => [bookKnown(terms, spec)],
  Terminal: (terms, id, spec: TerminalSpec) => [
    !terms.store(spec.storeId) && unknown('storeId', spec.storeId),
    // Its history lies in its store's stream: under the same id there is none elsewhere.
    (terms.terminal(id)?.spec.storeId ?? spec.storeId) !== spec.storeId && ({
      field: 'storeId', code: 'FIELD_IMMUTABLE', zh: '终端不能换门店，请新建终端', en: 'a terminal never moves to another store; make a new one',
    } as const),
  ],
};

/** Everything that is wrong with a record in the catalogue as `terms` shows it. Empty: it may be. */
export const problemsOf = <K extends Kind>(terms: Terms, kind: K, id: string, spec: Specs[K]): readonly Problem[] =>
  RULES[kind](terms, id, spec).filter((one): one is Problem => Boolean(one));
