import type { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { Collection } from '@vouchsafe/read-store';
import { type Handlers, invalidField, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Clock, Ids } from '@vouchsafe/runtime';
import { type CodeVault, KEEP_HASH_BITS } from '@vouchsafe/vault';
import type { Exports } from '../application/exports.js';
import type { Imports } from '../application/imports.js';
import type { Pools } from '../application/pools.js';
import type { Restored } from '../application/restored.js';
import type { StockCard } from '../projections/stock-cards.js';
import { envelopeOf } from './commands.js';
import { failureOf } from './errors.js';
import { batchMessage, stockCardMessage, stockMessage } from './messages.js';
import { askPool, cardOf, type CardOptions, indexesLost, isHole, joined, lostIn, sizeOf } from './pool-asking.js';
import { idOf, pageSizeOf, readFilter, readOrder, required, within } from './reading.js';

export type StockHandlerOptions = CardOptions & {
  readonly pools: Pools; readonly imports: Imports; readonly exports: Exports; readonly restored: Restored; readonly vault: CodeVault; readonly stock: Collection<StockCard>;
  readonly clock: Clock; readonly ids: Ids;
};
type Methods<M extends keyof Handlers<typeof InventoryService>> = Pick<Handlers<typeof InventoryService>, M>;

const EXPORT_MAX = 10_000;
const TAKE_MAX = 10_000;

export const stockHandlers = (options: StockHandlerOptions): ReturnType<typeof views> & ReturnType<typeof withdrawals> & ReturnType<typeof grave> => ({
  ...views(options), ...withdrawals(options), ...grave(options),
});

const views = (options: StockHandlerOptions): Methods<'getStock' | 'listStock' | 'getBatch' | 'listBatches'> => {
  const { pools, stock, cards, clock } = options;
  return {
    async getStock({ productId }) {
      return stockMessage(productId, await pools.state(idOf('/productId', 'product', productId)), (await stock.get(productId))?.value, clock.now());
    },
    async listStock(request, { caller }) {
      const { pageSize, pageToken, filter, orderBy } = request;
      const scope = pageScope(request, caller);
      const limit = pageSizeOf(pageSize);
      const flag = (field: string) => (value: string) => (value === 'true' || value === 'false' ? ([field, value === 'true'] as const) : undefined);
      if (readOrder(orderBy, 'product_id', 'asc') !== 'asc') throw failureOf('FILTER_INVALID', {}, '/orderBy');
      const where = readFilter(filter, { held: flag('held'), low: flag('low') });
      const after = readPageToken(scope, pageToken, 'text');
      const found = await stock.find({ where, limit, ...(after && { after: { values: [], id: after[0] } }) });
      const last = found[found.length - 1];
      return { stock: found.map(({ value }) => stockCardMessage(value, clock.now())), nextPageToken: found.length === limit && last ? printPageToken(scope, [last.id]) : '' };
    },
    getBatch: async ({ batchId }) => batchMessage(await cardOf(options, batchId)),
    async listBatches(request, { caller }) {
      const { pageSize, pageToken, filter, orderBy } = request;
      const scope = pageScope(request, caller);
      const limit = pageSizeOf(pageSize);
      const where = { ...readFilter(filter, { product_id: (value) => ['productId', value] }), state: 'COMPLETED' };
      const direction = readOrder(orderBy, 'started_at', 'desc');
      const after = readPageToken(scope, pageToken, 'number', 'text');
      const found = await cards.find({ where, orderBy: [['startedAt', direction]], limit, ...(after && { after: { values: [after[0]], id: after[1] } }) });
      const last = found[found.length - 1];
      return { batches: found.map(({ value }) => batchMessage(value)), nextPageToken: found.length === limit && last ? printPageToken(scope, [last.value.startedAt, last.id]) : '' };
    },
  };
};

const withdrawals = (options: StockHandlerOptions): Methods<'recallBatch' | 'voidVoucher' | 'takeStock'> => {
  const { pools, vault, clock } = options;
  return {
    async recallBatch({ batchId, reason, requestId, validateOnly }, context) {
      const { productId } = await cardOf(options, batchId);
      const command = { type: 'RecallBatch', batchId, reason: required('/reason', reason), at: clock.now() } as const;
      const withdrawn = lostIn(await askPool(pools, { productId, command, validateOnly }, envelopeOf(options, context, requestId, `recall/${batchId}`)));
      const batch = (await pools.state(productId)).batches.get(batchId);
      const alreadySold = (batch?.quantity ?? 0) - sizeOf(batch?.holes ?? []) - (validateOnly ? withdrawn : 0);
      return { batch: batchMessage(await cardOf(options, batchId)), withdrawn: BigInt(withdrawn), alreadySold: BigInt(alreadySold) };
    },
    async voidVoucher({ voucherId, reason, requestId, validateOnly }, context) {
      const [unit] = await vault.resolveIds([required('/voucherId', voucherId)]);
      if (!unit) throw failureOf('VOUCHER_UNKNOWN');
      const { productId } = await cardOf(options, unit.batchId);
      const command = { type: 'VoidUnits', ranges: joined([unit]), reason: required('/reason', reason), at: clock.now() } as const;
      const events = await askPool(pools, { productId, command, validateOnly }, envelopeOf(options, context, requestId, `void/${voucherId}`));
      if (lostIn(events) === 0 && !(await isHole(pools, productId, unit))) throw failureOf('VOUCHER_NOT_FREE');
      return { voucherId, voided: true };
    },
    async takeStock({ batchId, missingVoucherIds, reason, requestId, validateOnly }, context) {
      const { productId } = await cardOf(options, batchId);
      if (missingVoucherIds.length > TAKE_MAX) throw invalidField('/missingVoucherIds', 'TOO_MANY', `最多 ${TAKE_MAX} 个`, `at most ${TAKE_MAX} at a time`);
      const units = await vault.resolveIds(missingVoucherIds);
      const own = units.flatMap((unit) => (unit?.batchId === batchId ? [unit] : []));
      const command = { type: 'VoidUnits', ranges: joined(own), reason: required('/reason', reason), at: clock.now() } as const;
      const gone = indexesLost(await askPool(pools, { productId, command, validateOnly }, envelopeOf(options, context, requestId, `take/${batchId}`)));
      const notFreeVoucherIds = missingVoucherIds.filter((_, i) => {
        const unit = units[i];
        return unit?.batchId !== batchId || !gone.has(unit.index);
      });
      return { withdrawn: BigInt(gone.size), notFreeVoucherIds };
    },
  };
};

const grave = (options: StockHandlerOptions): Methods<'releasePoolHold' | 'exportSecrets' | 'eraseBatch'> => {
  const { pools, stock, vault, imports, restored, clock } = options;
  return {
    async releasePoolHold({ productId, writeOff, requestId, validateOnly }, context) {
      const before = await pools.state(idOf('/productId', 'product', productId));
      if (before.heldEpoch === undefined) throw failureOf('POOL_NOT_HELD');
      const doubtful = writeOff.map(({ batchId, from, to }) => ({ batchId, from: Number(from), to: Number(to) }));
      const card = (await stock.get(productId))?.value;
      if (validateOnly) {
        const { ranges, entries } = await restored.soldAfterBackup(productId);
        return { stock: stockMessage(productId, before, card, clock.now()), journalEntries: BigInt(entries), withdrawn: BigInt(sizeOf([...ranges, ...doubtful])) };
      }
      const { answer, entries } = await restored.release(productId, doubtful, envelopeOf(options, context, requestId, `release/${productId}`));
      if (!answer.ok) throw failureOf('POOL_HELD', answer.details);
      return { stock: stockMessage(productId, answer.state, card, clock.now()), journalEntries: BigInt(entries), withdrawn: BigInt(lostIn(answer.events)) };
    },
    async exportSecrets({ batchId, from, to, recipientJwk, reason, requestId, validateOnly }, context) {
      const card = await cardOf(options, batchId);
      if (!card.minted) throw failureOf('BATCH_NOT_MINTED');
      const range = { batchId, from: within('/from', Number(from), { min: 0, max: card.quantity }), to: within('/to', Number(to), { min: 1, max: card.quantity }) };
      within('/to', range.to - range.from, { min: 1, max: EXPORT_MAX });
      const exportId = `export/${context.caller.principalId}/${required('/requestId', requestId)}`;
      required('/reason', reason);
      const jwe = await options.exports.run({ exportId, productId: card.productId, range, recipientJwk, validateOnly }, envelopeOf(options, context, requestId, `export/${batchId}`));
      if (typeof jwe === 'object') throw failureOf(jwe.code, {}, jwe.code === 'RECIPIENT_KEY_INVALID' ? '/recipientJwk' : undefined);
      return { jwe, quantity: BigInt(range.to - range.from) };
    },
    async eraseBatch({ batchId, reason, requestId, validateOnly }, context) {
      const { productId } = await cardOf(options, batchId);
      const sealed = await vault.batch(batchId);
      const loses = (sealed?.entropyBits ?? 0) < KEEP_HASH_BITS;
      const answer = { hashesDeleted: loses ? BigInt(sealed?.rows ?? 0) : 0n, consequence: loses ? FORGOTTEN : REMEMBERED };
      if (validateOnly) return answer;
      const envelope = envelopeOf(options, context, requestId, `erase/${batchId}`);
      const command = { type: 'RecallBatch', batchId, reason: required('/reason', reason), at: clock.now() } as const;
      await askPool(pools, { productId, command, validateOnly }, { ...envelope, commandId: `${envelope.commandId}/recall` });
      const erased = await imports.erase(batchId, reason, envelope);
      if (!erased.ok) throw failureOf(erased.code, erased.details);
      return answer;
    },
  };
};

const FORGOTTEN = { zh: '这些卡密可被猜出，查重哈希一并删除：若同一批再次导入，将无法识别为重复。', en: 'These codes could be guessed from their hashes, so the hashes went too: the same codes imported again will not be recognised.' };
const REMEMBERED = { zh: '查重哈希保留：同样的卡密再次导入仍会被识别。', en: 'Their hashes stay: the same codes imported again are still recognised.' };
