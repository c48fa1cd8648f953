import type { Envelope } from '@vouchsafe/event-store';
import { isFault } from '@vouchsafe/kernel';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import { FileColumn, FileEncoding, type FileFormat as FormatMessage, type StartImportRequest } from '@vouchsafe/proto/inventory/v1/imports';
import type { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { Collection } from '@vouchsafe/read-store';
import { type CallContext, type Handlers, invalidField } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import type { CodeVault } from '@vouchsafe/vault';
import type { CatalogTerms } from '../application/catalog-terms.js';
import type { BatchAnswer, Imports } from '../application/imports.js';
import { DEFAULT_ALPHABET, DEFAULT_PATTERN, patternProblem, randomBitsOf } from '../application/minting.js';
import { batchOfImport, importOfBatch } from '../application/streams.js';
import type { InventoryConfig } from '../config.js';
import type { Batch, BatchPlan, ColumnName, FileFormat } from '../domain/batch.js';
import type { BatchCard, BatchState } from '../projections/batches.js';
import { failureOf } from './errors.js';
import { type ImportFacts, importMessage, STATES } from './messages.js';
import { count, decimal, idOf, pageSizeOf, printToken, readFilter, readOrder, readToken, timeOf, within } from './reading.js';
import { REFUSAL_WORDS } from './refusal-words.js';

export type ImportHandlerOptions = {
  readonly imports: Imports; readonly vault: CodeVault; readonly terms: CatalogTerms; readonly cards: Collection<BatchCard>; readonly clock: Clock; readonly ids: Ids; readonly config: InventoryConfig;
};
type ImportMethods =
  | 'startImport' | 'importCodes' | 'completeImport' | 'abortImport' | 'getImport' | 'listImports' | 'listRefusedLines' | 'mintVouchers' | 'getJob';

const MINT_MAX = 5_000_000;
const USES_MAX = 1_000_000;
/** Chunks of an upload are gathered to this size before they are flushed. */
const GATHER_BYTES = 1024 * 1024;

export const importHandlers = (options: ImportHandlerOptions): Pick<Handlers<typeof InventoryService>, ImportMethods> => {
  const { imports, vault, cards, clock, config } = options;
  const show = async (batchId: string) => importMessage(await factsOf(options, batchId));
  return {
    async startImport(request, context) {
      const plan = await filePlan(options, request, context);
      if (request.validateOnly) return importMessage(planned(plan, 'RECEIVING', clock.now()));
      answered(await imports.start(plan, envelopeOf(options, context, request.requestId, 'start')));
      return show(plan.batchId);
    },
    async importCodes(requests, context) {
      let batchId = '';
      let at = 0;
      let last = false;
      let parts: Uint8Array[] = [];
      const flush = async (): Promise<void> => {
        const chunk = Buffer.concat(parts);
        parts = [];
        if (chunk.length > 0) at = await appended(options, batchId, at, chunk);
      };
      for await (const { importId, offset, content, last: end } of requests) {
        if (batchId === '') {
          batchId = batchOfImport(idOf('/importId', 'import', importId));
          at = within('/offset', Number(offset), { min: 0, max: config.uploadMaxBytes });
          await mustReceive(options, batchId);
        }
        parts.push(content);
        last = end;
        if (parts.reduce((n, { length }) => n + length, 0) >= GATHER_BYTES) await flush();
        if (end) break;
      }
      if (batchId === '') throw invalidField('/importId', 'FIELD_REQUIRED', '必填', 'is required');
      await flush();
      if (last) answered(await imports.finishContent(batchId, envelopeOf(options, context, '', `finish/${batchId}`)));
      return show(batchId);
    },
    async completeImport({ importId, expectedCodes, maxRefused, contentBytes, requestId, validateOnly }, context) {
      const batchId = batchOfImport(idOf('/importId', 'import', importId));
      const limits = { expected: count('/expectedCodes', expectedCodes), maxRefused: count('/maxRefused', maxRefused) };
      const envelope = envelopeOf(options, context, requestId, `complete/${batchId}`);
      const batch = await imports.load(batchId);
      if (!validateOnly && batch.step === 'receiving' && contentBytes !== undefined) {
        const received = await imports.received(batchId);
        if (received !== Number(contentBytes)) throw failureOf('CONTENT_MISSING', { next_offset: String(received) });
        answered(await imports.finishContent(batchId, envelopeOf(options, context, '', `finish/${batchId}`)));
      }
      if (batch.step === 'processing' || contentBytes !== undefined) await inTime(imports.processed(batchId), clock, context);
      if (validateOnly) answered(await imports.check(batchId, { type: 'CompleteBatch', ...limits, at: clock.now() }));
      else answered(await imports.complete(batchId, limits, envelope));
      return show(batchId);
    },
    async abortImport({ importId, reason, requestId, validateOnly }, context) {
      const batchId = batchOfImport(idOf('/importId', 'import', importId));
      const why = reason || 'ABORTED_BY_OPERATOR';
      if (validateOnly) answered(await imports.check(batchId, { type: 'AbortBatch', reason: why, at: clock.now() }));
      else answered(await imports.abort(batchId, why, envelopeOf(options, context, requestId, `abort/${batchId}`)));
      return show(batchId);
    },
    getImport: async ({ importId }) => show(batchOfImport(idOf('/importId', 'import', importId))),
    async listImports({ pageSize, pageToken, filter, orderBy }) {
      const limit = pageSizeOf(pageSize);
      const where = readFilter(filter, {
        product_id: (value) => ['productId', value],
        state: (value) => (Object.hasOwn(STATES, value) ? ['state', value] : undefined),
      });
      const found = await cards.find({ where, orderBy: [['startedAt', readOrder(orderBy, 'started_at', 'desc')]], after: readToken(pageToken), limit });
      const last = found[found.length - 1];
      return {
        imports: await Promise.all(found.map(({ id }) => show(id))),
        nextPageToken: found.length === limit && last ? printToken({ values: [last.value.startedAt], id: last.id }) : '',
      };
    },
    async listRefusedLines({ importId, pageSize, pageToken }) {
      const batchId = batchOfImport(idOf('/importId', 'import', importId));
      if ((await imports.load(batchId)).step === 'none') throw failureOf('IMPORT_UNKNOWN');
      const limit = pageSizeOf(pageSize);
      const after = readToken(pageToken);
      const refusals = (await vault.batch(batchId)) ? await vault.refusals(batchId, Number(after?.values[0] ?? 0), limit) : [];
      const last = refusals[refusals.length - 1];
      return {
        lines: refusals.map(({ line, reason }) => ({ line: BigInt(line), reason, meaning: REFUSAL_WORDS[reason] })),
        nextPageToken: refusals.length === limit && last ? printToken({ values: [last.line], id: '' }) : '',
        total: BigInt((await imports.progress(batchId)).refused),
      };
    },
    async mintVouchers(request, context) {
      const plan = await mintPlan(options, request, context);
      if (!request.validateOnly) answered(await imports.start(plan, envelopeOf(options, context, request.requestId, 'mint')));
      return jobMessage(options, plan.batchId, plan);
    },
    async getJob({ jobId }) {
      return jobMessage(options, jobId.replace(/^job_/, 'bat_'));
    },
  };
};

const answered = (answer: BatchAnswer | { readonly ok: true } | { readonly ok: false; readonly code: BatchCode; readonly details: Readonly<Record<string, string>> }): void => {
  if (!answer.ok) throw failureOf(answer.code, answer.details);
};
type BatchCode = Extract<BatchAnswer, { ok: false }>['code'];

/** Waits for work as long as the caller does, and a little less. */
const inTime = async (work: Promise<void>, clock: Clock, { deadline }: CallContext): Promise<void> => {
  const abort = new AbortController();
  await Promise.race([work, clock.sleep(Math.max(0, deadline - clock.now() - 500), abort.signal)]);
  abort.abort();
};

const envelopeOf = ({ ids, clock }: ImportHandlerOptions, { caller, requestId: call, trace }: CallContext, requestId: string, what: string): Envelope => ({
  commandId: requestId === '' ? ids.uuid() : uuidv5(`inventory/${caller.namespace}/${caller.principalId}/${what}/${requestId}`),
  correlation: call, principal: caller.principalId, at: clock.now(), ...(trace !== undefined && { trace }),
});

/** One request id, one batch, however often it is asked. */
const batchIdOf = ({ ids }: ImportHandlerOptions, { caller }: CallContext, requestId: string): string =>
  requestId === '' ? ids.mint('batch') : `bat_${uuidv5(`batch/${caller.namespace}/${caller.principalId}/${requestId}`).replaceAll('-', '')}`;

const filePlan = async (options: ImportHandlerOptions, request: StartImportRequest, context: CallContext): Promise<BatchPlan> => {
  const productId = idOf('/productId', 'product', request.productId);
  const uses = request.usesPerCode === 0 ? 1 : within('/usesPerCode', request.usesPerCode, { min: 1, max: USES_MAX });
  const taxRateBp = request.inputTaxRateBp === undefined ? undefined : within('/inputTaxRateBp', request.inputTaxRateBp, { min: 0, max: 10_000 });
  const facts = await options.terms.factsOf({ productId, supplierId: request.supplierId, unitGrossMicros: decimal('/unitCost', request.unitCost), taxRateBp });
  if (typeof facts === 'string') throw failureOf(facts);
  if (facts.kind === ProductKind.TOP_UP) throw failureOf('PRODUCT_NOT_STOCKED');
  const batchId = batchIdOf(options, context, request.requestId);
  const validUntil = timeOf('/validUntil', request.validUntil);
  const { terms, fromPrepayment, zone, lowStockAt } = facts;
  return {
    batchId, importId: importOfBatch(batchId), productId, terms, fromPrepayment, uses, zone, lowStockAt, source: { type: 'file', format: formatOf(request.format) },
    ...(validUntil !== undefined && { validUntil }),
  };
};
const ENCODINGS: Readonly<Record<FileEncoding, FileFormat['encoding']>> = { [FileEncoding.UNSPECIFIED]: undefined, [FileEncoding.UTF8]: 'UTF8', [FileEncoding.GB18030]: 'GB18030' };
const COLUMNS: Readonly<Record<FileColumn, ColumnName>> = {
  [FileColumn.UNSPECIFIED]: 'ignore', [FileColumn.CODE]: 'code', [FileColumn.NUMBER]: 'number', [FileColumn.EXPIRY]: 'expiry', [FileColumn.IGNORE]: 'ignore',
};
const formatOf = (format: FormatMessage | undefined): FileFormat => ({
  ...(format?.encoding && { encoding: ENCODINGS[format.encoding] }), ...(format?.delimiter && { delimiter: format.delimiter }),
  ...(format?.header !== undefined && { header: format.header }), ...(format && format.columns.length > 0 && { columns: format.columns.map((column) => COLUMNS[column]) }),
});

const mintPlan = async (options: ImportHandlerOptions, request: Parameters<Handlers<typeof InventoryService>['mintVouchers']>[0], context: CallContext): Promise<BatchPlan> => {
  const productId = idOf('/productId', 'product', request.productId);
  const quantity = within('/quantity', request.quantity, { min: 1, max: MINT_MAX });
  const [pattern, alphabet] = [request.pattern || DEFAULT_PATTERN, request.alphabet || DEFAULT_ALPHABET];
  const problem = patternProblem(pattern, alphabet);
  if (problem) throw failureOf(problem, { random_bits: String(randomBitsOf(pattern, alphabet)) });
  const facts = await options.terms.factsOf({ productId, unitGrossMicros: 0n });
  if (typeof facts === 'string') throw failureOf(facts);
  if (facts.kind !== ProductKind.OWN_VOUCHER) throw failureOf('PRODUCT_NOT_MINTED');
  const batchId = batchIdOf(options, context, request.requestId);
  const validUntil = timeOf('/validUntil', request.validUntil);
  const { terms, zone, lowStockAt } = facts;
  return {
    batchId, importId: importOfBatch(batchId), productId, terms, fromPrepayment: false, uses: 1, zone, lowStockAt,
    source: { type: 'mint', plan: { quantity, pattern, alphabet, randomBits: randomBitsOf(pattern, alphabet) } }, ...(validUntil !== undefined && { validUntil }),
  };
};

const mustReceive = async ({ imports }: ImportHandlerOptions, batchId: string): Promise<void> => {
  const { step } = await imports.load(batchId);
  if (step === 'none') throw failureOf('IMPORT_UNKNOWN');
  if (step === 'aborted') throw failureOf('IMPORT_ABORTED');
  if (step !== 'receiving') throw failureOf('CONTENT_FINISHED');
};
const appended = async ({ imports, config }: ImportHandlerOptions, batchId: string, at: number, chunk: Buffer): Promise<number> => {
  if (at + chunk.length > config.uploadMaxBytes) throw failureOf('UPLOAD_TOO_LARGE', { max_bytes: String(config.uploadMaxBytes) });
  try {
    return await imports.append(batchId, at, chunk);
  } catch (error) {
    if (isFault(error) && error.code === 'OFFSET_WRONG') throw failureOf('OFFSET_WRONG', { next_offset: String(await imports.received(batchId)) });
    throw error;
  }
};

const STEPS: Readonly<Record<Exclude<Batch['step'], 'none'>, BatchState>> = {
  receiving: 'RECEIVING', processing: 'PROCESSING', ready: 'READY', completed: 'COMPLETED', aborted: 'ABORTED',
};
/** State from the stream, counts from vault and spool, times from the view: it may lag a moment. */
const factsOf = async ({ imports, cards }: ImportHandlerOptions, batchId: string): Promise<ImportFacts> => {
  const batch = await imports.load(batchId);
  if (batch.step === 'none') throw failureOf('IMPORT_UNKNOWN');
  const card = (await cards.get(batchId))?.value;
  const { rows, refused, line } = await imports.progress(batchId);
  return {
    ...planned(batch.plan, STEPS[batch.step], card?.startedAt ?? 0),
    nextOffset: batch.step === 'receiving' ? await imports.received(batchId) : (card?.bytes ?? 0),
    lines: line, accepted: rows, refused, reason: card?.reason ?? '', endedAt: card?.endedAt ?? 0, version: card?.version ?? 0,
  };
};
const planned = ({ importId, batchId, productId, source }: BatchPlan, state: BatchState, startedAt: number): ImportFacts => ({
  importId, batchId, productId, state, nextOffset: 0, lines: 0, accepted: 0, refused: 0, reason: '', startedAt, endedAt: 0, minted: source.type === 'mint', version: 0,
});

const jobMessage = async (options: ImportHandlerOptions, batchId: string, plan?: BatchPlan) => {
  const batch = await options.imports.load(batchId);
  const of = batch.step === 'none' ? plan : batch.plan;
  if (!of || of.source.type !== 'mint') throw failureOf('JOB_UNKNOWN');
  const card = (await options.cards.get(batchId))?.value;
  const state = batch.step === 'none' ? 'PROCESSING' : STEPS[batch.step];
  return {
    jobId: batchId.replace(/^bat_/, 'job_'), state: STATES[state], batchId, done: BigInt((await options.imports.progress(batchId)).rows), total: BigInt(of.source.plan.quantity), reason: card?.reason ?? '',
  };
};
