import type { MessageShape } from '@bufbuild/protobuf';
import type { CompleteImportRequestSchema } from '@vouchsafe/proto/inventory/v1/imports';
import type { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import { type CallContext, type Handlers, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import type { CodeVault } from '@vouchsafe/vault';
import { batchOfImport } from '../application/streams.js';
import { envelopeOf, inTime } from './commands.js';
import { failureOf } from './errors.js';
import { answered, type FactsOptions, factsOf, jobOf, planned } from './import-facts.js';
import { importMessage, STATES } from './messages.js';
import { filePlan, mintPlan, type PlanOptions } from './plans.js';
import { count, idOf, pageSizeOf, readFilter, readOrder } from './reading.js';
import { REFUSAL_WORDS } from './refusal-words.js';
import { takeIn, type UploadOptions } from './upload.js';

export type ImportHandlerOptions = PlanOptions & FactsOptions & UploadOptions & { readonly vault: CodeVault; readonly clock: Clock };
type Methods<M extends keyof Handlers<typeof InventoryService>> = Pick<Handlers<typeof InventoryService>, M>;

export const importHandlers = (options: ImportHandlerOptions): ReturnType<typeof changes> & ReturnType<typeof views> & ReturnType<typeof minting> => ({
  ...changes(options), ...views(options), ...minting(options),
});

const changes = (options: ImportHandlerOptions): Methods<'startImport' | 'importCodes' | 'completeImport' | 'abortImport'> => {
  const { imports, clock } = options;
  const show = async (batchId: string) => importMessage(await factsOf(options, batchId));
  return {
    async startImport(request, context) {
      const plan = await filePlan(options, request, context);
      if (request.validateOnly) return importMessage(planned(plan, 'RECEIVING', clock.now()));
      answered(await imports.start(plan, envelopeOf(options, context, request.requestId, 'start')));
      return show(plan.batchId);
    },
    async importCodes(requests, context) {
      const { batchId, last } = await takeIn(options, requests);
      if (last) answered(await imports.finishContent(batchId, envelopeOf(options, context, '', 'finish')));
      return show(batchId);
    },
    async completeImport(request, context) {
      const batchId = batchOfImport(idOf('/importId', 'import', request.importId));
      const limits = { expected: count('/expectedCodes', request.expectedCodes), maxRefused: count('/maxRefused', request.maxRefused) };
      if (request.validateOnly) answered(await imports.check(batchId, { type: 'CompleteBatch', ...limits, at: clock.now() }));
      else {
        await finishUpload(options, batchId, request, context);
        answered(await imports.complete(batchId, limits, envelopeOf(options, context, request.requestId, `complete/${batchId}`)));
      }
      return show(batchId);
    },
    async abortImport({ importId, reason, requestId, validateOnly }, context) {
      const batchId = batchOfImport(idOf('/importId', 'import', importId));
      const why = reason || 'ABORTED_BY_OPERATOR';
      if (validateOnly) answered(await imports.check(batchId, { type: 'AbortBatch', reason: why, at: clock.now() }));
      else answered(await imports.abort(batchId, why, envelopeOf(options, context, requestId, `abort/${batchId}`)));
      return show(batchId);
    },
  };
};
/** Ends an upload whose size the caller tells, and waits a while for its codes to be sealed. */
const finishUpload = async (options: ImportHandlerOptions, batchId: string, { contentBytes }: MessageShape<typeof CompleteImportRequestSchema>, context: CallContext): Promise<void> => {
  const { imports, clock } = options;
  const { step } = await imports.load(batchId);
  if (step === 'processing') imports.process(batchId); // it may have stopped for want of space
  if (contentBytes !== undefined && step === 'receiving') {
    const received = await imports.received(batchId);
    if (received !== Number(contentBytes)) throw failureOf('CONTENT_MISSING', { next_offset: String(received) });
    answered(await imports.finishContent(batchId, envelopeOf(options, context, '', 'finish')));
  }
  await inTime(imports.processed(batchId), clock, context);
};

const views = (options: ImportHandlerOptions): Methods<'getImport' | 'listImports' | 'listRefusedLines'> => {
  const { imports, vault, cards } = options;
  const show = async (batchId: string) => importMessage(await factsOf(options, batchId));
  return {
    getImport: async ({ importId }) => show(batchOfImport(idOf('/importId', 'import', importId))),
    async listImports(request, { caller }) {
      const { pageSize, pageToken, filter, orderBy } = request;
      const scope = pageScope(request, caller);
      const limit = pageSizeOf(pageSize);
      const where = readFilter(filter, {
        product_id: (value) => ['productId', value],
        state: (value) => (Object.hasOwn(STATES, value) ? ['state', value] : undefined),
      });
      const direction = readOrder(orderBy, 'started_at', 'desc');
      const after = readPageToken(scope, pageToken, 'number', 'text');
      const found = await cards.find({ where, orderBy: [['startedAt', direction]], limit, ...(after && { after: { values: [after[0]], id: after[1] } }) });
      const last = found[found.length - 1];
      return {
        imports: await Promise.all(found.map(({ id }) => show(id))),
        nextPageToken: found.length === limit && last ? printPageToken(scope, [last.value.startedAt, last.id]) : '',
      };
    },
    async listRefusedLines(request, { caller }) {
      const { importId, pageSize, pageToken } = request;
      const scope = pageScope(request, caller);
      const batchId = batchOfImport(idOf('/importId', 'import', importId));
      if ((await imports.load(batchId)).step === 'none') throw failureOf('IMPORT_UNKNOWN');
      const limit = pageSizeOf(pageSize);
      const [after = 0] = readPageToken(scope, pageToken, 'number') ?? [];
      const refusals = (await vault.batch(batchId)) ? await vault.refusals(batchId, after, limit) : [];
      const last = refusals[refusals.length - 1];
      return {
        lines: refusals.map(({ line, reason }) => ({ line: BigInt(line), reason, meaning: REFUSAL_WORDS[reason] })),
        nextPageToken: refusals.length === limit && last ? printPageToken(scope, [last.line]) : '',
        total: BigInt((await imports.progress(batchId)).refused),
      };
    },
  };
};

const minting = (options: ImportHandlerOptions): Methods<'mintVouchers' | 'getJob'> => ({
  async mintVouchers(request, context) {
    const plan = await mintPlan(options, request, context);
    if (!request.validateOnly) answered(await options.imports.start(plan, envelopeOf(options, context, request.requestId, 'mint')));
    return jobOf(options, plan.batchId, plan);
  },
  getJob: ({ jobId }) => jobOf(options, idOf('/jobId', 'job', jobId).replace(/^job_/, 'bat_')),
});
