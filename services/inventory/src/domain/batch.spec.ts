import { specification } from '@vouchsafe/testing';
import { type BatchEvent, batch as decider, type BatchPlan } from './batch.js';
import { BATCH, PRODUCT, T0, terms, units } from './stock.samples.js';

const batch = specification(decider);
const plan: BatchPlan = {
  batchId: BATCH, importId: 'imp_a', productId: PRODUCT, terms, fromPrepayment: false, uses: 2, zone: 'Asia/Shanghai', lowStockAt: 5, source: { type: 'file', format: {} },
};
const vault = { rows: 3, hash: 'ab' };
const segments = [units(0, 6)];
const started: BatchEvent = { type: 'BatchStarted', plan, at: T0 };
const finished: BatchEvent = { type: 'ContentFinished', bytes: 30, at: T0 };
const sealed = (refused = 0, rows = 3): BatchEvent => ({ type: 'BatchSealed', vault: { ...vault, rows }, refused, segments, at: T0 });
const money = (minor: bigint) => ({ minor, currency: 'CNY' });
const completed: BatchEvent = { type: 'ImportCompleted', plan, vault, quantity: 6, cost: money(2_000n), inputTax: money(260n), segments, at: T0 };
const aborted: BatchEvent = { type: 'ImportAborted', batchId: BATCH, reason: 'wrong file', at: T0 };
const complete = (more = {}) => ({ type: 'CompleteBatch', at: T0, ...more }) as const;
const abort = { type: 'AbortBatch', reason: 'wrong file', at: T0 } as const;

it('starts once; the same start again is the same import, another is refused', () => {
  batch.given().when({ type: 'StartBatch', plan, at: T0 }).then(started);
  batch.given(started).when({ type: 'StartBatch', plan, at: T0 }).then();
  const mint = (quantity: number): BatchPlan => ({ ...plan, source: { type: 'mint', plan: { quantity, pattern: '*', alphabet: 'AB', randomBits: 80 } } });
  for (const other of [{ ...plan, uses: 1 }, { ...plan, terms: { ...terms, supplierId: 'sup_other' } }, { ...plan, source: { type: 'file', format: { header: true } } } as const, mint(3)]) {
    batch.given(started).when({ type: 'StartBatch', plan: other, at: T0 }).rejected('IMPORT_DIFFERS');
  }
  batch.given({ type: 'BatchStarted', plan: mint(3), at: T0 }).when({ type: 'StartBatch', plan: mint(3), at: T0 }).then();
  batch.given({ type: 'BatchStarted', plan: mint(3), at: T0 }).when({ type: 'StartBatch', plan: mint(4), at: T0 }).rejected('IMPORT_DIFFERS');
});
it('completes only what is sealed, all units at once, its cost to the cent', () => {
  batch.given().when(complete()).rejected('IMPORT_UNKNOWN');
  batch.given(started).when(complete()).rejected('CONTENT_MISSING');
  batch.given(started, finished).when(complete()).rejected('IMPORT_PROCESSING');
  batch.given(started, finished, sealed()).when(complete()).then(completed);
  batch.given(started, finished, sealed(), completed).when(complete({ expected: 99 })).then();
});
it('refuses an empty import, another count than expected, too many refused lines, and stays open', () => {
  batch.given(started, finished, sealed(4, 0)).when(complete()).rejected('IMPORT_EMPTY', { refused: '4' });
  batch.given(started, finished, sealed(1)).when(complete({ expected: 4 })).rejected('COUNT_DIFFERS', { expected: '4', sealed: '3', refused: '1' });
  batch.given(started, finished, sealed(2)).when(complete({ maxRefused: 1 })).rejected('TOO_MANY_REFUSED', { refused: '2', maxRefused: '1' });
  batch.given(started, finished, sealed(2)).when(complete({ maxRefused: 2, expected: 3 })).then(completed);
});
it('is given up at any time before it is complete, once, and never afterwards', () => {
  for (const past of [[started], [started, finished], [started, finished, sealed()]]) batch.given(...past).when(abort).then(aborted);
  batch.given(started, aborted).when(abort).then();
  batch.given(started, finished, sealed(), completed).when(abort).rejected('IMPORT_COMPLETED');
  batch.given(started, aborted).when(complete()).rejected('IMPORT_ABORTED');
  batch.given(started, aborted).when({ type: 'FinishContent', bytes: 1, at: T0 }).rejected('IMPORT_ABORTED');
  batch.given(started, aborted).when({ type: 'NoteSealed', vault, refused: 0, segments, at: T0 }).rejected('IMPORT_ABORTED');
});
it('is settled once, and again after its key was erased', () => {
  const settle = { type: 'SettleBatch', at: T0 } as const;
  const settled: BatchEvent = { type: 'ImportSettled', batchId: BATCH, at: T0 };
  const erased: BatchEvent = { type: 'BatchErased', batchId: BATCH, reason: 'end', at: T0 };
  const past = [started, finished, sealed(), completed];
  batch.given(...past).when(settle).then(settled);
  batch.given(...past, settled).when(settle).then();
  batch.given(...past, settled).when({ type: 'EraseBatch', reason: 'end', at: T0 }).then(erased);
  batch.given(...past, settled, erased).when({ type: 'EraseBatch', reason: 'end', at: T0 }).then();
  batch.given(...past, settled, erased).when(settle).then(settled);
  batch.given(started).when({ type: 'EraseBatch', reason: 'end', at: T0 }).rejected('BATCH_UNKNOWN');
});
