import { BookSchema, ProductGroupSchema, StoreSchema, Supplier, SupplierSchema, SupplierTerms, TerminalSchema } from '@vouchsafe/proto/catalog/v1/resources';
import { etagOf } from '../printing.js';
import { presentationFrom, presentationTo } from './enums.js';
import type { Resource } from './resource.js';

const TERMS = [undefined, 'purchased', 'consignment', 'postpaid'] as const;

export const bookResource: Resource<'Book', typeof BookSchema> = {
  kind: 'Book', idKind: 'book', message: BookSchema,
  parse: (m, at, reading) => ({
    name: reading.words(`${at}/name`, m.name),
    zone: reading.zone(`${at}/zone`, m.zone),
    cutOffMinute: reading.within(`${at}/cutOffMinute`, m.cutOffMinute, 0, 1439),
  }),
  print: ({ id, version, spec }) => ({ id, version, etag: etagOf(version), ...spec }),
  shownTo: () => false,
};

export const productGroupResource: Resource<'ProductGroup', typeof ProductGroupSchema> = {
  kind: 'ProductGroup', idKind: 'productGroup', message: ProductGroupSchema,
  parse: (m, at, reading) => ({ name: reading.words(`${at}/name`, m.name), description: reading.optionalWords(`${at}/description`, m.description) }),
  print: ({ id, version, spec }) => ({ id, version, etag: etagOf(version), ...spec }),
  shownTo: ({ id }, channelId, terms) => terms.listedOn(channelId).some((productId) => terms.product(productId)?.spec.groupId === id),
};

export const supplierResource: Resource<'Supplier', typeof SupplierSchema> = {
  kind: 'Supplier', idKind: 'supplier', message: SupplierSchema,
  parse: (m, at, reading) => ({
    name: reading.words(`${at}/name`, m.name),
    terms: termsOf(m) ?? (reading.fail(`${at}/terms`, 'FIELD_REQUIRED', '请填写供货条件', 'purchased, consignment or postpaid is required'), 'purchased'),
    presentation: presentationFrom(m.presentation),
    returnable: m.returnable,
    inputTaxRateBp: reading.bp(`${at}/inputTaxRateBp`, m.inputTaxRateBp),
    prepaid: m.prepaid,
    bookId: reading.ref(`${at}/bookId`, 'book', m.bookId),
  }),
  print: ({ id, version, spec }) => ({
    id, version, etag: etagOf(version), ...spec,
    terms: TERMS.indexOf(spec.terms) as SupplierTerms, presentation: presentationTo(spec.presentation), bookId: spec.bookId ?? '',
  }),
  shownTo: () => false,
};
const termsOf = ({ terms }: Supplier) => TERMS[terms];

export const storeResource: Resource<'Store', typeof StoreSchema> = {
  kind: 'Store', idKind: 'store', message: StoreSchema,
  parse: (m, at, reading) => ({
    name: reading.words(`${at}/name`, m.name),
    zone: reading.zone(`${at}/zone`, m.zone),
    address: reading.optionalWords(`${at}/address`, m.address),
    bookId: reading.ref(`${at}/bookId`, 'book', m.bookId),
    merchantId: m.merchantId || undefined,
    commissionBp: reading.bp(`${at}/commissionBp`, m.commissionBp),
    commissionTaxRateBp: reading.bp(`${at}/commissionTaxRateBp`, m.commissionTaxRateBp),
  }),
  print: ({ id, version, spec }) => ({ id, version, etag: etagOf(version), ...spec, bookId: spec.bookId ?? '', merchantId: spec.merchantId ?? '' }),
  shownTo: () => false,
};

export const terminalResource: Resource<'Terminal', typeof TerminalSchema> = {
  kind: 'Terminal', idKind: 'terminal', message: TerminalSchema,
  parse: (m, at, reading) => ({
    storeId: reading.required(`${at}/storeId`, m.storeId),
    name: reading.words(`${at}/name`, m.name),
    scenes: m.scenes,
    suspended: m.suspended,
  }),
  print: ({ id, version, spec }) => ({ id, version, etag: etagOf(version), ...spec, scenes: [...spec.scenes] }),
  shownTo: () => false,
};
