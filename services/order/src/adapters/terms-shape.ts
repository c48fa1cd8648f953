import { big, bool, int, list, millis, oneOf, type Shape, text } from '@vouchsafe/codec';
import type { ActedVerdict, Buyer, ChainLevel, CostedRange, OrderLine, OrderTerms, PaymentTerms, TopUpTerms, UsageTerms } from '../domain/terms.js';
import { compact, field, listed, maybe, usually } from './compact.js';

const HOURS_72 = 259_200_000;

const usage = compact<UsageTerms>({
  usage: usually('use', oneOf('single', 'times', 'balance'), 'single'),
  times: usually('times', int, 1),
  faceMinor: usually('face', big, 0n),
  validFrom: maybe('from', millis),
  validUntil: maybe('until', millis),
  validDays: maybe('days', int),
  zone: usually('zone', text(), 'Asia/Shanghai'),
  weekdays: maybe('weekdays', list(int)),
  fromMinute: maybe('fromMinute', int),
  toMinute: maybe('toMinute', int),
  storeIds: maybe('stores', list(text())),
  scenes: maybe('scenes', list(text())),
  reversalWindowMs: usually('reversalMs', int, 0),
  rediscloseForMs: usually('rediscloseMs', int, HOURS_72),
  rediscloseTimes: usually('redisclose', int, 10),
  prepaidUntaxed: usually('untaxed', bool, false),
});
const chainLevel = compact<ChainLevel>({
  channelId: field('channelId', text()), unitMicros: field('unit', big), marginMinor: usually('margin', big, 0n),
});
const topUp = compact<TopUpTerms>({
  provider: field('provider', text()), providerSku: maybe('sku', text()), faceMinor: field('face', big),
  costMicros: usually('cost', big, 0n), inputTaxRateBp: usually('taxBp', int, 0),
  guardMs: usually('guardMs', int, 0), giveUpMs: usually('giveUpMs', int, HOURS_72),
  accountRef: field('account', text()), accountToken: field('token', text()), allowRepeat: usually('repeat', bool, false),
});
const line = compact<OrderLine>({
  lineId: field('id', text()), productId: field('productId', text()), productVersion: usually('version', int, 1),
  kind: usually('kind', oneOf('code', 'link', 'top_up', 'own_voucher'), 'code'),
  listingId: field('listingId', text()), priceListId: field('priceListId', text()),
  quantity: usually('quantity', int, 1), unitMicros: field('unit', big), grossMinor: field('gross', big),
  taxRateBp: usually('taxBp', int, 0), taxClass: maybe('taxClass', text()),
  agent: usually('agent', bool, false), stockPaid: usually('stockPaid', bool, false),
  businessLine: field('line', text()), supplierId: field('supplierId', text()), owedMicros: usually('owed', big, 0n),
  quota: maybe('quota', int), buyerLimit: maybe('buyerLimit', int), minValidMs: maybe('minValidMs', int),
  usage: field('usage', usage), chain: listed('chain', chainLevel), topUp: maybe('topUp', topUp),
});
const verdict = compact<ActedVerdict>({
  decision: usually('decision', oneOf('allow', 'review', 'challenge', 'deny'), 'allow'),
  verdictId: maybe('id', text()), fallback: usually('fallback', bool, false),
});
/** Values of one subject are `sub_x.0`, `sub_x.1`: what a reference shares with the one before it is left out. */
const references: Shape<readonly string[]> = {
  write: (refs) => refs.map((ref, i) => {
    const dot = ref.lastIndexOf('.');
    return i > 0 && dot > 0 && refs[i - 1]!.startsWith(ref.slice(0, dot + 1)) ? ref.slice(dot) : ref;
  }),
  read: (json, path) => {
    let subject = '';
    return list(text()).read(json, path).map((ref) => {
      if (ref.startsWith('.')) return subject + ref;
      subject = ref.slice(0, ref.lastIndexOf('.'));
      return ref;
    });
  },
};
const buyer = compact<Buyer>({ token: maybe('token', text()), refs: field('refs', references) });
const payment = compact<PaymentTerms>({
  provider: field('provider', text()), payBy: field('payBy', millis), fulfilLate: usually('fulfilLate', bool, false),
});

/** An order's terms as stored: about 600 bytes for a line. */
export const orderTerms: Shape<OrderTerms> = compact<OrderTerms>({
  number: field('number', text()), channelId: field('channelId', text()), principal: field('principal', text()),
  fingerprint: field('fingerprint', text()),
  settlement: usually('settlement', oneOf('prepaid', 'credit', 'consumer_pay'), 'prepaid'),
  payerChannelId: maybe('payer', text()), bookId: field('bookId', text()), currency: usually('currency', text(), 'CNY'),
  totalMinor: field('total', big), whole: usually('whole', bool, false), verdict: field('verdict', verdict),
  buyer: maybe('buyer', buyer), payment: maybe('payment', payment), reviewUntil: maybe('reviewUntil', millis),
  answerBy: field('answerBy', millis), heldUntil: field('heldUntil', millis), placedAt: field('at', millis),
  lines: field('lines', list(line)),
});

/** Committed units as stored: about 110 bytes a range. */
export const costedRangeStored = compact<CostedRange>({
  batchId: field('batchId', text()), from: field('from', int), to: field('to', int), supplierId: field('supplierId', text()),
  terms: usually('terms', oneOf('purchased', 'consignment', 'postpaid'), 'purchased'),
  unitCostMicros: field('cost', big), unitTaxMicros: usually('tax', big, 0n), currency: usually('currency', text(), 'CNY'),
  validUntil: maybe('until', millis),
});
