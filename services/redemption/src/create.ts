import { type Bus, on, type Publisher, serveCommands, startPublisher } from '@vouchsafe/bus';
import { activateGrant, discloseUnits, voidUnits } from '@vouchsafe/contracts';
import { DeciderHost, type EventStore, InTurn } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import { RedemptionService } from '@vouchsafe/proto/redemption/v1/redemption';
import { bind, type BoundProjection, type ProjectionRunner, type ReadStore, startDeadlines, startProjections } from '@vouchsafe/read-store';
import type { Journal } from '@vouchsafe/journal';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Ids, Log, Namespace, Random, ServiceModule, Stop, Timers } from '@vouchsafe/runtime';
import { codesClient } from './adapters/codes-client.js';
import { grantCodec, guessCodec, terminalCodec } from './adapters/codecs.js';
import { grantIndex } from './adapters/grant-index.js';
import { Doubts, doubtsAfterRestore, journaled, noJournal } from './adapters/irrevocable.js';
import { serviceContext } from './adapters/service-context.js';
import { terminalsClient } from './adapters/terminals-client.js';
import { grantsHandlers } from './api/grants-handlers.js';
import { presenter, redeemHandlers } from './api/redeem-handlers.js';
import { redemptionHandlers, voucherHandlers } from './api/voucher-handlers.js';
import { activation } from './application/activation.js';
import { aftersales } from './application/aftersales.js';
import { disclosure, disclosureCheck } from './application/disclosure.js';
import { guessGuard } from './application/guessing.js';
import { createZones } from './application/local-time.js';
import { locator } from './application/locate.js';
import type { GrantHost, Irrevocable } from './application/ports.js';
import { redemptions } from './application/redemptions.js';
import { voiding } from './application/voiding.js';
import type { RedemptionConfig } from './config.js';
import { grantDecider } from './domain/grant.js';
import { guessDecider } from './domain/guess.js';
import { terminalDecider } from './domain/terminal.js';
import { grantLines } from './projections/grant-lines.js';
import { grantRanges } from './projections/grant-ranges.js';
import { type LapseDeadline, lapseDeadlines } from './projections/lapse-deadlines.js';
import { redemptionPlaces } from './projections/redemption-places.js';

export type RedemptionPorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: Rpc;
  readonly clock: Clock; readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log;
  /** The journal of the irrevocable; absent in tools and tests. */
  readonly journal?: Journal;
  /** Epoch of the data directory: above {@link FIRST_EPOCH} it was restored or copied once, and the journal knows more than the log. */
  readonly deployment?: { readonly epoch: number };
};
export const FIRST_EPOCH = 1;
/** A till's day of ten thousand redemptions weighs some MB; few tills are busy at once. */
const TERMINAL_DAYS_MAX = 2_000;
const GRANT_CATEGORY = ['grant'];

/** Views that redemption keeps; also what an audit rebuilds and compares. */
export const redemptionProjections = (): readonly BoundProjection[] => [
  bind(grantRanges, grantCodec, GRANT_CATEGORY), bind(grantLines, grantCodec, GRANT_CATEGORY), bind(redemptionPlaces, grantCodec, GRANT_CATEGORY),
  bind(lapseDeadlines, grantCodec, GRANT_CATEGORY),
];

/** Grants after the sale: activation, disclosure, use, reversal, ending. Needs inventory (codes) and catalog (terminals) to serve redemptions. */
export const createRedemption = (ports: RedemptionPorts, config: RedemptionConfig): ServiceModule & { readonly projections: () => ProjectionRunner | undefined; readonly publisher: () => Publisher | undefined } => {
  let running: Running | undefined;
  return {
    name: 'redemption',
    needs: ['catalog', 'inventory'],
    projections: () => running?.runner,
    publisher: () => running?.publisher,
    start: async () => {
      running = await start(ports, config);
    },
    stop: async () => {
      await running?.lapses();
      await running?.publisher.stop();
      await running?.runner.stop();
      running = undefined;
    },
  };
};
type Running = { readonly runner: ProjectionRunner; readonly publisher: Publisher; readonly lapses: Stop };

const start = async (ports: RedemptionPorts, config: RedemptionConfig): Promise<Running> => {
  const { namespace, store, bus, readStore, rpc, clock, ids, log } = ports;
  const grants = new DeciderHost({ ...ports, decider: grantDecider, codec: grantCodec, opens: true });
  const runner = await startProjections({
    name: 'redemption', store, readStore, log, clock,
    projections: redemptionProjections(),
  });
  const index = await grantIndex(readStore, store, runner);
  const irrevocable = await irrevocableOf(ports);
  const zones = createZones();
  serveCommands(bus, 'redemption', [
    on(activateGrant, activation(grants, clock, zones)),
    on(voidUnits, voiding(grants, clock, new InTurn(), irrevocable)),
    on(discloseUnits, disclosure(grants, clock, irrevocable)),
  ]);
  rpc.serve(GrantsService, grantsHandlers(disclosureCheck(grants, store), index, grants));
  const guesses = new DeciderHost({ ...ports, decider: guessDecider, codec: guessCodec });
  const terminalDays = new DeciderHost({ ...ports, decider: terminalDecider, codec: terminalCodec, cacheMax: TERMINAL_DAYS_MAX });
  const context = serviceContext(namespace, clock, ids);
  const codes = codesClient(rpc, context);
  const terminals = terminalsClient(rpc, context, clock, config.terminalMaxAgeMs);
  const limitsOf = (till: string) => (till.startsWith('trm_') ? config.terminalGuesses : config.principalGuesses);
  const guard = guessGuard({ guesses, clock, limitsOf, wrongAfterMs: config.wrongAfterMs });
  const locate = locator(grants, index);
  const used = redemptions({ store, grants, terminals: terminalDays, clock, zones, turns: new InTurn(), irrevocable });
  const shared = { codes, terminals, guard, locate, redemptions: used, grants, clock, zones, index, irrevocable, change: aftersales(grants, clock), ids, streamWindow: config.streamWindow };
  const voucherOptions = { ...shared, present: presenter(shared) };
  rpc.serve(RedemptionService, { ...redeemHandlers(shared), ...voucherHandlers(voucherOptions), ...redemptionHandlers(voucherOptions) });
  const publisher = await startPublisher({ context: 'redemption', store, bus, readStore, categories: GRANT_CATEGORY, toIntegration: ({ type, data }) => ({ type, data }), log, clock });
  const lapses = await startLapses(ports, grants, runner);
  return { runner, publisher, lapses };
};

const irrevocableOf = async ({ journal, deployment, store }: RedemptionPorts): Promise<Irrevocable> => {
  if (!journal) return noJournal;
  return journaled(journal, deployment && deployment.epoch > FIRST_EPOCH ? await doubtsAfterRestore(journal, store) : new Doubts());
};

/** Ends rights at their time. */
const startLapses = async ({ readStore, clock, timers, log }: RedemptionPorts, grants: GrantHost, runner: ProjectionRunner): Promise<Stop> => {
  const collection = await readStore.collection<LapseDeadline>(lapseDeadlines.collection);
  return startDeadlines({
    collection, clock, timers, projections: runner,
    onDue: async ({ id, value }) => {
      const at = clock.now();
      const correlation = (await grants.load(id)).state.grant?.orderId ?? id;
      await grants.handle(id, { type: 'Lapse', due: instant(value.dueAt), at }, { commandId: `${id}/lapse/${value.dueAt}`, correlation, principal: 'svc_redemption', at });
    },
    onError: (error) => log.error({ error }, 'rights that lapsed could not be ended; tried again'),
  });
};
