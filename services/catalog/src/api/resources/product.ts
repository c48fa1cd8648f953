import { type Product, ProductSchema, type TopUp } from '@vouchsafe/proto/catalog/v1/resources';
import { RE2JS } from '@bufbuild/re2';
import type * as domain from '../../domain/records.js';
import { decimal, decimalOfMinor, duration, etagOf } from '../printing.js';
import type { Reading } from '../reading.js';
import { wholeMinor } from '../terms-messages.js';
import { presentationFrom, presentationTo, productKindFrom, productKindTo } from './enums.js';
import type { Resource } from './resource.js';
import { usageMessage, usageOf } from './usage.js';

const HOUR_MS = 3_600_000;
const GUARD_MS = 600_000;
const GIVE_UP_MS = 72 * HOUR_MS;
const STOCK_MAX = 1_000_000_000n;
const PATTERN_MAX = 200;

export const productResource: Resource<'Product', typeof ProductSchema> = {
  kind: 'Product', idKind: 'product', message: ProductSchema,
  parse: (m, at, reading, terms) => {
    const currency = reading.currency(`${at}/currency`, m.currency || 'CNY');
    const kind = productKindFrom(m.kind) ?? (reading.fail(`${at}/kind`, 'FIELD_REQUIRED', '请填写商品类型', 'is required'), 'code');
    const supplier = terms.supplier(m.supplierId)?.spec;
    return {
      kind, name: reading.words(`${at}/name`, m.name), description: reading.optionalWords(`${at}/description`, m.description),
      instructions: reading.optionalWords(`${at}/instructions`, m.instructions), pictureUrls: m.pictureUrls, groupId: reading.ref(`${at}/groupId`, 'productGroup', m.groupId),
      currency, faceMinor: faceOf(m, at, currency, reading), taxClass: m.taxClass || 'standard', taxRateBp: reading.bp(`${at}/taxRateBp`, m.taxRateBp),
      presentation: presentationFrom(m.presentation), businessLine: reading.required(`${at}/businessLine`, m.businessLine),
      supplierId: reading.ref(`${at}/supplierId`, 'supplier', m.supplierId), bookId: reading.ref(`${at}/bookId`, 'book', m.bookId),
      usage: usageOf(m.usage, `${at}/usage`, reading),
      topUp: m.topUp && topUp(m.topUp, `${at}/topUp`, reading, supplier),
      owedMicros: reading.decimal(`${at}/owed`, m.owed), lowStockAt: lowStock(m, at, reading), labels: m.labels, withdrawn: m.withdrawn,
    };
  },
  print: ({ id, version, spec }, audience) => ({
    id, version, etag: etagOf(version), kind: productKindTo(spec.kind), name: spec.name, description: spec.description, instructions: spec.instructions,
    pictureUrls: [...spec.pictureUrls], groupId: spec.groupId ?? '', currency: spec.currency, faceValue: decimalOfMinor(spec.faceMinor, spec.currency),
    taxClass: spec.taxClass, taxRateBp: spec.taxRateBp, businessLine: spec.businessLine, usage: usageMessage(spec.usage), withdrawn: spec.withdrawn,
    labels: { ...spec.labels },
    ...(audience.kind === 'staff' && {
      presentation: presentationTo(spec.presentation), supplierId: spec.supplierId ?? '', bookId: spec.bookId ?? '', owed: decimal(spec.owedMicros),
      lowStockAt: BigInt(spec.lowStockAt),
    }),
    topUp: spec.topUp && {
      accountFields: [...spec.topUp.accountFields],
      ...(audience.kind === 'staff' && {
        provider: spec.topUp.provider, providerSku: spec.topUp.providerSku ?? '', cost: decimal(spec.topUp.costMicros),
        inputTaxRateBp: spec.topUp.inputTaxRateBp, guard: duration(spec.topUp.guardMs), giveUp: duration(spec.topUp.giveUpMs),
      }),
    },
  }),
  shownTo: ({ id }, channelId, terms) => terms.listings(channelId, id).length > 0,
};

const faceOf = (m: Product, at: string, currency: string, reading: Reading): bigint => {
  const micros = reading.decimal(`${at}/faceValue`, m.faceValue);
  if (micros === undefined) return 0n;
  const minor = wholeMinor(micros, currency);
  if (minor === undefined) reading.fail(`${at}/faceValue`, 'DECIMAL_INVALID', `面值应为 ${currency} 的最小单位的整数倍`, `is no whole number of minor units of ${currency}`);
  return minor ?? 0n;
};

const lowStock = (m: Product, at: string, reading: Reading): number => {
  const fits = m.lowStockAt >= 0n && m.lowStockAt <= STOCK_MAX;
  if (!fits) reading.fail(`${at}/lowStockAt`, 'OUT_OF_RANGE', '超出范围', `must lie between 0 and ${STOCK_MAX}`);
  return fits ? Number(m.lowStockAt) : 0;
};

const topUp = (m: TopUp, at: string, reading: Reading, supplier: domain.SupplierSpec | undefined): domain.TopUpTerms => ({
  provider: reading.required(`${at}/provider`, m.provider),
  providerSku: m.providerSku || undefined,
  costMicros: reading.decimal(`${at}/cost`, m.cost) ?? 0n,
  inputTaxRateBp: reading.bp(`${at}/inputTaxRateBp`, m.inputTaxRateBp || (supplier?.inputTaxRateBp ?? 0)),
  guardMs: reading.duration(`${at}/guard`, m.guard, GUARD_MS),
  giveUpMs: reading.duration(`${at}/giveUp`, m.giveUp, GIVE_UP_MS),
  accountFields: m.accountFields.map((field, i) => ({
    name: reading.required(`${at}/accountFields/${i}/name`, field.name),
    label: reading.words(`${at}/accountFields/${i}/label`, field.label),
    pattern: pattern(field.pattern, `${at}/accountFields/${i}/pattern`, reading),
    required: field.required,
  })),
});

/** RE2 only: a pattern that could take exponential time cannot be written. */
const pattern = (text: string, at: string, reading: Reading): string => {
  // Before it is compiled: that of a long one takes seconds.
  if (reading.short(at, text, PATTERN_MAX) !== text) return text;
  try {
    RE2JS.compile(text);
  } catch {
    reading.fail(at, 'PATTERN_INVALID', '不是有效的 RE2 表达式', 'is no RE2 expression');
  }
  return text;
};
