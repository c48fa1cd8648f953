import type { MessageShape } from '@bufbuild/protobuf';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { FileColumn, FileEncoding, type FileFormat as FormatMessage, type MintVouchersRequestSchema, type StartImportRequest } from '@vouchsafe/proto/inventory/v1/imports';
import { type CallContext, invalidField } from '@vouchsafe/rpc';
import { type Ids, uuidv5 } from '@vouchsafe/runtime';
import type { CatalogTerms, SupplyFacts } from '../application/catalog-terms.js';
import { DEFAULT_ALPHABET, DEFAULT_PATTERN, patternProblem, randomBitsOf } from '../application/minting.js';
import { importOfBatch } from '../application/streams.js';
import type { BatchPlan, ColumnName, FileFormat } from '../domain/batch.js';
import { failureOf } from './errors.js';
import { decimal, idOf, timeOf, within } from './reading.js';

export type PlanOptions = { readonly terms: CatalogTerms; readonly ids: Ids };
const MINT_MAX = 5_000_000;
const USES_MAX = 1_000_000;

/** What an upload is to become. */
export const filePlan = async (options: PlanOptions, request: StartImportRequest, context: CallContext): Promise<BatchPlan> => {
  const productId = idOf('/productId', 'product', request.productId);
  const uses = request.usesPerCode === 0 ? 1 : within('/usesPerCode', request.usesPerCode, { min: 1, max: USES_MAX });
  const taxRateBp = request.inputTaxRateBp === undefined ? undefined : within('/inputTaxRateBp', request.inputTaxRateBp, { min: 0, max: 10_000 });
  const question = { productId, supplierId: request.supplierId, unitGrossMicros: decimal('/unitCost', request.unitCost), taxRateBp };
  const facts = await options.terms.factsOf(question);
  if (typeof facts === 'string') throw failureOf(facts);
  if (facts.kind === ProductKind.TOP_UP) throw failureOf('PRODUCT_NOT_STOCKED');
  const rest = { uses, fromPrepayment: facts.fromPrepayment, source: { type: 'file', format: formatOf(request.format) } } as const;
  return planOf(options, request, context, facts, rest);
};

/** What a minting is to become. */
export const mintPlan = async (options: PlanOptions, request: MessageShape<typeof MintVouchersRequestSchema>, context: CallContext): Promise<BatchPlan> => {
  const productId = idOf('/productId', 'product', request.productId);
  const quantity = within('/quantity', request.quantity, { min: 1, max: MINT_MAX });
  const [pattern, alphabet] = [request.pattern || DEFAULT_PATTERN, request.alphabet || DEFAULT_ALPHABET];
  const randomBits = randomBitsOf(pattern, alphabet);
  const problem = patternProblem(pattern, alphabet);
  if (problem) throw failureOf(problem, { random_bits: String(randomBits) }, problem === 'ALPHABET_INVALID' || problem === 'ALPHABET_CONFUSING' ? '/alphabet' : '/pattern');
  const facts = await options.terms.factsOf({ productId, unitGrossMicros: 0n });
  if (typeof facts === 'string') throw failureOf(facts);
  if (facts.kind !== ProductKind.OWN_VOUCHER) throw failureOf('PRODUCT_NOT_MINTED');
  return planOf(options, request, context, facts, { uses: 1, fromPrepayment: false, source: { type: 'mint', plan: { quantity, pattern, alphabet, randomBits } } });
};

type Asked = Pick<StartImportRequest, 'requestId' | 'productId' | 'validUntil'>;
const planOf = (
  options: PlanOptions, request: Asked, context: CallContext, { terms, zone, lowStockAt }: SupplyFacts, rest: Pick<BatchPlan, 'uses' | 'fromPrepayment' | 'source'>,
): BatchPlan => {
  const batchId = batchIdOf(options, context, request.requestId);
  const validUntil = timeOf('/validUntil', request.validUntil);
  return { batchId, importId: importOfBatch(batchId), productId: request.productId, terms, zone, lowStockAt, ...rest, ...(validUntil !== undefined && { validUntil }) };
};
/** One request id, one batch, however often it is asked. */
const batchIdOf = ({ ids }: PlanOptions, { caller }: CallContext, requestId: string): string =>
  requestId === '' ? ids.mint('batch') : `bat_${uuidv5(`batch/${caller.namespace}/${caller.principalId}/${requestId}`).replaceAll('-', '')}`;

const ENCODINGS: Readonly<Record<FileEncoding, FileFormat['encoding']>> = { [FileEncoding.UNSPECIFIED]: undefined, [FileEncoding.UTF8]: 'UTF8', [FileEncoding.GB18030]: 'GB18030' };
const COLUMNS: Readonly<Record<FileColumn, ColumnName>> = {
  [FileColumn.UNSPECIFIED]: 'ignore', [FileColumn.CODE]: 'code', [FileColumn.NUMBER]: 'number', [FileColumn.EXPIRY]: 'expiry', [FileColumn.IGNORE]: 'ignore',
};
const COLUMNS_MAX = 50;
const formatOf = (format: FormatMessage | undefined): FileFormat => {
  if (!format) return {};
  within('/format/columns', format.columns.length, { min: 0, max: COLUMNS_MAX });
  if (format.delimiter.length > 1) throw invalidField('/format/delimiter', 'FIELD_INVALID', '须为单个字符', 'is one character');
  return {
    ...(format.encoding && { encoding: known('/format/encoding', ENCODINGS[format.encoding]) }), ...(format.delimiter && { delimiter: format.delimiter }),
    ...(format.header !== undefined && { header: format.header }),
    ...(format.columns.length > 0 && { columns: format.columns.map((column, i) => known(`/format/columns/${i}`, COLUMNS[column])) }),
  };
};
/** Over gRPC an enum may hold any number; what has no name here must not become an event that nobody can read. */
const known = <T>(pointer: string, value: T | undefined): T => {
  if (value === undefined) throw invalidField(pointer, 'FIELD_INVALID', '未定义的取值', 'is none of the values that there are');
  return value;
};
