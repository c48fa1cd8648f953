import type { Envelope, EventStore } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import type { InventoryService } from '@vouchsafe/proto/inventory/v1/inventory';
import type { Collection } from '@vouchsafe/read-store';
import { type CallContext, type Handlers, invalidField } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import { type CodeVault, KEEP_HASH_BITS, type UnitRef } from '@vouchsafe/vault';
import type { Exports } from '../application/exports.js';
import type { Imports } from '../application/imports.js';
import type { Pools } from '../application/pools.js';
import type { Restored } from '../application/restored.js';
import type { StockCommand, StockEvent, Units } from '../domain/stock-types.js';
import { stock as decider } from '../domain/stock.js';
import type { BatchCard } from '../projections/batches.js';
import type { StockCard } from '../projections/stock-cards.js';
import { failureOf } from './errors.js';
import { batchMessage, stockCardMessage, stockMessage } from './messages.js';
import { idOf, pageSizeOf, printToken, readFilter, readOrder, readToken, required, within } from './reading.js';

export type StockHandlerOptions = {
  readonly store: EventStore; readonly pools: Pools; readonly imports: Imports; readonly exports: Exports; readonly restored: Restored; readonly vault: CodeVault; readonly journal: Journal;
  readonly cards: Collection<BatchCard>; readonly stock: Collection<StockCard>; readonly projections: { caughtUp(): Promise<void> }; readonly clock: Clock; readonly ids: Ids;
};
type StockMethods =
  | 'getStock' | 'listStock' | 'getBatch' | 'listBatches' | 'recallBatch' | 'voidVoucher' | 'takeStock' | 'releasePoolHold' | 'exportSecrets' | 'eraseBatch';

const EXPORT_MAX = 10_000;
const TAKE_MAX = 10_000;

export const stockHandlers = (options: StockHandlerOptions): Pick<Handlers<typeof InventoryService>, StockMethods> => {
  const { pools, stock, cards, clock, vault, imports, restored } = options;
  return {
    async getStock({ productId }) {
      return stockMessage(productId, await pools.state(idOf('/productId', 'product', productId)), (await stock.get(productId))?.value, clock.now());
    },
    async listStock({ pageSize, pageToken, filter, orderBy }) {
      const limit = pageSizeOf(pageSize);
      const flag = (field: string) => (value: string) => (value === 'true' || value === 'false' ? ([field, value === 'true'] as const) : undefined);
      if (orderBy !== '') readOrder(orderBy, 'product_id', 'asc');
      const found = await stock.find({ where: readFilter(filter, { held: flag('held'), low: flag('low') }), limit, after: readToken(pageToken) });
      const last = found[found.length - 1];
      return { stock: found.map(({ value }) => stockCardMessage(value, clock.now())), nextPageToken: found.length === limit && last ? printToken({ values: [], id: last.id }) : '' };
    },
    getBatch: async ({ batchId }) => batchMessage(await cardOf(options, batchId)),
    async listBatches({ pageSize, pageToken, filter, orderBy }) {
      const limit = pageSizeOf(pageSize);
      const where = { ...readFilter(filter, { product_id: (value) => ['productId', value] }), state: 'COMPLETED' };
      const found = await cards.find({ where, orderBy: [['startedAt', readOrder(orderBy, 'started_at', 'desc')]], after: readToken(pageToken), limit });
      const last = found[found.length - 1];
      return { batches: found.map(({ value }) => batchMessage(value)), nextPageToken: found.length === limit && last ? printToken({ values: [last.value.startedAt], id: last.id }) : '' };
    },
    async recallBatch({ batchId, reason, requestId, validateOnly }, context) {
      const card = await cardOf(options, batchId);
      const command = { type: 'RecallBatch', batchId, reason: required('/reason', reason), at: clock.now() } as const;
      const events = await asked(options, card.productId, { command, validateOnly }, envelopeOf(options, context, requestId, `recall/${batchId}`));
      const batch = (await pools.state(card.productId)).batches.get(batchId);
      const gone = (batch?.holes ?? []).reduce((n, { from, to }) => n + to - from, 0);
      const shown = await cardOf(options, batchId);
      return { batch: batchMessage(shown), withdrawn: BigInt(lostIn(events)), alreadySold: BigInt((batch?.quantity ?? 0) - gone - (validateOnly ? lostIn(events) : 0)) };
    },
    async voidVoucher({ voucherId, reason, requestId, validateOnly }, context) {
      const [unit] = vault.resolveIds([required('/voucherId', voucherId)]);
      if (!unit) throw failureOf('VOUCHER_UNKNOWN');
      const { productId } = await cardOf(options, unit.batchId);
      const command = { type: 'VoidUnits', ranges: [unitRange(unit)], reason: required('/reason', reason), at: clock.now() } as const;
      const events = await asked(options, productId, { command, validateOnly }, envelopeOf(options, context, requestId, `void/${voucherId}`));
      if (lostIn(events) === 0 && !(await isHole(pools, productId, unit))) throw failureOf('VOUCHER_NOT_FREE');
      return { voucherId, voided: true };
    },
    async takeStock({ batchId, missingVoucherIds, reason, requestId, validateOnly }, context) {
      const { productId } = await cardOf(options, batchId);
      if (missingVoucherIds.length > TAKE_MAX) throw invalidField('/missingVoucherIds', 'TOO_MANY', `最多 ${TAKE_MAX} 个`, `at most ${TAKE_MAX} at a time`);
      const units = vault.resolveIds(missingVoucherIds);
      const own = units.flatMap((unit) => (unit?.batchId === batchId ? [unit] : []));
      const command = { type: 'VoidUnits', ranges: joined(own), reason: required('/reason', reason), at: clock.now() } as const;
      const events = await asked(options, productId, { command, validateOnly }, envelopeOf(options, context, requestId, `take/${batchId}`));
      const gone = new Set(events.flatMap((event) => (event.type === 'UnitsLost' ? event.ranges.flatMap(indexesOf) : [])));
      return { withdrawn: BigInt(gone.size), notFreeVoucherIds: missingVoucherIds.filter((_, i) => units[i]?.batchId !== batchId || !gone.has(units[i]!.index)) };
    },
    async releasePoolHold({ productId, writeOff, requestId, validateOnly }, context) {
      idOf('/productId', 'product', productId);
      if ((await pools.state(productId)).heldEpoch === undefined) throw failureOf('POOL_NOT_HELD');
      const doubtful = writeOff.map(({ batchId, from, to }) => ({ batchId, from: Number(from), to: Number(to) }));
      if (validateOnly) {
        const { ranges, entries } = await restored.soldAfterBackup(productId);
        return { stock: await this.getStock({ $typeName: 'vouchsafe.inventory.v1.GetStockRequest', productId }, context), journalEntries: BigInt(entries), withdrawn: BigInt(sizeOf([...ranges, ...doubtful])) };
      }
      const { answer, entries } = await restored.release(productId, doubtful, envelopeOf(options, context, requestId, `release/${productId}`));
      if (!answer.ok) throw failureOf('POOL_HELD', answer.details);
      return { stock: stockMessage(productId, answer.state, (await stock.get(productId))?.value, clock.now()), journalEntries: BigInt(entries), withdrawn: BigInt(lostIn(answer.events)) };
    },
    async exportSecrets({ batchId, from, to, recipientJwk, reason, requestId, validateOnly }, context) {
      const card = await cardOf(options, batchId);
      if (!card.minted) throw failureOf('BATCH_NOT_MINTED');
      const range = { batchId, from: within('/from', Number(from), { min: 0, max: card.quantity }), to: within('/to', Number(to), { min: 1, max: card.quantity }) };
      within('/to', range.to - range.from, { min: 1, max: EXPORT_MAX });
      const exportId = `export/${context.caller.principalId}/${required('/requestId', requestId)}`;
      const job = { exportId, productId: card.productId, range, recipientJwk, reason: required('/reason', reason), validateOnly };
      const jwe = await options.exports.run(job, envelopeOf(options, context, requestId, `export/${batchId}`));
      if (typeof jwe === 'object') throw failureOf(jwe.code);
      return { jwe, quantity: BigInt(range.to - range.from) };
    },
    async eraseBatch({ batchId, reason, requestId, validateOnly }, context) {
      const card = await cardOf(options, batchId);
      const envelope = envelopeOf(options, context, requestId, `erase/${batchId}`);
      const sealed = await vault.batch(batchId);
      const loses = (sealed?.entropyBits ?? 0) < KEEP_HASH_BITS;
      const answer = { hashesDeleted: loses ? BigInt(sealed?.rows ?? 0) : 0n, consequence: loses ? FORGOTTEN : REMEMBERED };
      if (validateOnly) return answer;
      const recall = { type: 'RecallBatch', batchId, reason: required('/reason', reason), at: clock.now() } as const;
      await asked(options, card.productId, { command: recall, validateOnly: false }, { ...envelope, commandId: `${envelope.commandId}/recall` });
      const erased = await imports.erase(batchId, reason, envelope);
      if (!erased.ok) throw failureOf(erased.code, erased.details);
      return answer;
    },
  };
};

const FORGOTTEN = { zh: '这些卡密可被猜出，查重哈希一并删除：若同一批再次导入，将无法识别为重复。', en: 'These codes could be guessed from their hashes, so the hashes went too: the same codes imported again will not be recognised.' };
const REMEMBERED = { zh: '查重哈希保留：同样的卡密再次导入仍会被识别。', en: 'Their hashes stay: the same codes imported again are still recognised.' };

const envelopeOf = ({ ids, clock }: StockHandlerOptions, { caller, requestId: call, trace }: CallContext, requestId: string, what: string): Envelope => ({
  commandId: requestId === '' ? ids.uuid() : uuidv5(`inventory/${caller.namespace}/${caller.principalId}/${what}/${requestId}`),
  correlation: call, principal: caller.principalId, at: clock.now(), ...(trace !== undefined && { trace }),
});

/** A batch's card; a fresh one is waited for. */
const cardOf = async ({ cards, store, projections }: StockHandlerOptions, batchId: string): Promise<BatchCard> => {
  idOf('/batchId', 'batch', batchId);
  await store.durable(store.head());
  await projections.caughtUp();
  const card = (await cards.get(batchId))?.value;
  if (card?.state !== 'COMPLETED') throw failureOf('BATCH_UNKNOWN');
  return card;
};

/** What the pool answers, or would answer. */
const asked = async ({ pools }: StockHandlerOptions, productId: string, { command, validateOnly }: { command: StockCommand; validateOnly: boolean }, envelope: Envelope): Promise<readonly StockEvent[]> => {
  const answer = validateOnly ? decider.decide(command, await pools.state(productId)) : await pools.decide(productId, command, envelope);
  if (answer.ok) return answer.events;
  throw answer.code === 'HISTORY_STALE' ? failureOf('POOL_HELD') : failureOf(answer.code, answer.details);
};
const lostIn = (events: readonly StockEvent[]): number => events.reduce((n, event) => (event.type === 'UnitsLost' ? n + event.quantity : n), 0);
const unitRange = ({ batchId, index }: UnitRef): Units => ({ batchId, from: index, to: index + 1 });
const indexesOf = ({ from, to }: Units): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const sizeOf = (ranges: readonly Units[]): number => ranges.reduce((n, { from, to }) => n + to - from, 0);
const isHole = async (pools: Pools, productId: string, { batchId, index }: UnitRef): Promise<boolean> =>
  ((await pools.state(productId)).batches.get(batchId)?.holes ?? []).some(({ from, to }) => from <= index && index < to);
/** Single units as ranges, neighbours joined. */
const joined = (units: readonly UnitRef[]): readonly Units[] => {
  const ranges: Units[] = [];
  for (const unit of units.toSorted((a, b) => a.index - b.index)) {
    const last = ranges[ranges.length - 1];
    if (last?.to === unit.index) ranges[ranges.length - 1] = { ...last, to: unit.index + 1 };
    else if (last === undefined || last.to < unit.index) ranges.push(unitRange(unit));
  }
  return ranges;
};
