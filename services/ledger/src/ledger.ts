import { consume } from '@vouchsafe/bus';
import { inventoryEvents, redemptionEvents } from '@vouchsafe/contracts';
import { LedgerService } from '@vouchsafe/proto/ledger/v1/ledger';
import { bind, type BoundProjection, type ProjectionRunner, startDeadlines, startProjections } from '@vouchsafe/read-store';
import type { ServiceModule, Stop } from '@vouchsafe/runtime';
import { catalogueClient } from './adapters/catalogue.js';
import { ledgerCodec } from './adapters/codecs.js';
import { holdVerdictsClient } from './adapters/hold-verdicts.js';
import { serviceContext } from './adapters/service-context.js';
import { openStreams } from './adapters/streams.js';
import { serveLedgerCommands } from './api/commands.js';
import { movementHandlers } from './api/movement-handlers.js';
import { readingHandlers } from './api/reading-handlers.js';
import { startBookFigures } from './application/book-figures.js';
import { Books } from './application/books.js';
import { accountChain, journalChain } from './application/chains.js';
import { Claims } from './application/claims.js';
import { Desk } from './application/desk.js';
import { Entries } from './application/entries.js';
import { expireHold } from './application/hold-expiry.js';
import { Learning } from './application/learning.js';
import type { LedgerPorts } from './application/ports.js';
import { Treasury } from './application/treasury.js';
import type { LedgerConfig } from './config.js';
import { type AccountRow, accounts as accountRows } from './projections/accounts.js';
import { type Balance, balances } from './projections/balances.js';
import { type EntryDay, entryDays } from './projections/entry-days.js';
import { type EntryPlace, entryPlaces } from './projections/entry-places.js';
import { type HoldDeadline, holdDeadlines } from './projections/hold-deadlines.js';
import { type SegmentRow, segments } from './projections/segments.js';

export type { LedgerPorts } from './application/ports.js';
export type Ledger = ServiceModule & { /** Its views' runner while it runs. */ readonly projections: () => ProjectionRunner | undefined };
type Running = { readonly runner: ProjectionRunner; readonly deadlines: Stop; readonly figures: Stop };

const CATEGORIES = ['account', 'journal'];

/** Views that ledger keeps; also what an audit rebuilds and compares. */
export const ledgerProjections = (): readonly BoundProjection[] => [
  bind(balances, ledgerCodec, CATEGORIES), bind(entryPlaces, ledgerCodec, CATEGORIES), bind(entryDays, ledgerCodec, CATEGORIES),
  bind(accountRows, ledgerCodec, CATEGORIES), bind(holdDeadlines, ledgerCodec, CATEGORIES), bind(segments, ledgerCodec, CATEGORIES),
];

/** The ledger: holds, captures, entries, periods. Asks catalog for books and channels, order about holds past their end. */
export const createLedger = (ports: LedgerPorts, config: LedgerConfig): Ledger => {
  let running: Running | undefined;
  return {
    name: 'ledger',
    needs: ['catalog'],
    projections: () => running?.runner,
    start: async () => {
      running = await start(ports, config);
    },
    stop: async () => {
      await running?.figures();
      await running?.deadlines();
      await running?.runner.stop();
      running = undefined;
    },
  };
};

const start = async (ports: LedgerPorts, config: LedgerConfig): Promise<Running> => {
  const { namespace, store, readStore, rpc, bus, clock, ids, timers, log } = ports;
  const views = await openViews(ports);
  const runner = await startProjections({
    name: 'ledger', store, readStore, log, clock,
    projections: ledgerProjections(),
  });
  const caughtUp = (): Promise<void> => runner.caughtUp();
  const context = serviceContext(namespace, clock, ids, config.askMs);
  const catalogue = catalogueClient(rpc, context);
  const streams = openStreams(ports, config);
  const books = new Books({ streams, clock, shards: config.journalShards, termsOf: (bookId) => catalogue.bookTerms(bookId) });
  const hintOf = async (root: string) => (await views.segments.find({ where: { root }, orderBy: [['ordinal', 'desc']], limit: 1 }))[0]?.value.segment;
  const ground = { streams, books, store, clock, log, segmentEvents: config.segmentEvents, hintOf };
  const accounts = accountChain(ground);
  const journals = journalChain(ground);
  const entries = new Entries({ store, decode: ledgerCodec.decode, streams, places: views.places, days: views.days, caughtUp });
  const desk = new Desk({ accounts, journals, books, clock, postingsOf: (entryId) => entries.postingsOf(entryId) });
  const claims = new Claims(streams, clock);
  const treasury = new Treasury({ desk, books, accounts, claims, catalogue });
  serveLedgerCommands(bus, desk);
  const reading = { accounts, books, entries, clock, rows: views.rows, balances: views.balances, caughtUp };
  rpc.serve(LedgerService, { ...readingHandlers(reading), ...movementHandlers({ ...reading, desk, claims, treasury, journals }) });
  await startLearning(ports, new Learning(desk, catalogue));
  const verdicts = holdVerdictsClient(rpc, context);
  const deadlines = startDeadlines<HoldDeadline>({
    collection: views.deadlines, clock, timers, periodMs: config.holdPollMs, projections: runner,
    onDue: ({ value }) => expireHold({ desk, accounts, verdicts, clock, log, keepMs: config.holdKeepMs }, value),
    onError: (error) => log.error({ error: String(error) }, 'a hold past its end could not be dealt with; it is tried again'),
  });
  return { runner, deadlines, figures: startBookFigures({ ...ports, balances: views.balances }) };
};

const openViews = async ({ readStore }: LedgerPorts) => ({
  balances: await readStore.collection<Balance>(balances.collection),
  places: await readStore.collection<EntryPlace>(entryPlaces.collection),
  days: await readStore.collection<EntryDay>(entryDays.collection),
  rows: await readStore.collection<AccountRow>(accountRows.collection),
  deadlines: await readStore.collection<HoldDeadline>(holdDeadlines.collection),
  segments: await readStore.collection<SegmentRow>(segments.collection),
});

/** What inventory and redemption publish becomes entries. */
const startLearning = async ({ bus, readStore, log, clock }: LedgerPorts, learning: Learning): Promise<void> => {
  const ground = { bus, readStore, log, clock };
  await consume({
    ...ground, group: 'ledger-inventory', contexts: ['inventory'], codec: inventoryEvents, only: ['BatchCompleted', 'StockLost'],
    on: (event, message) => learning.fromInventory(event, message),
  });
  await consume({
    ...ground, group: 'ledger-redemption', contexts: ['redemption'], codec: redemptionEvents, only: ['VoucherRedeemed', 'RedemptionReversed', 'RightLapsed'],
    on: (event, message) => learning.fromRedemption(event, message),
  });
};
