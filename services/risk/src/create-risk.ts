import { type Bus, type Publisher, startPublisher } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import { RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { RiskService } from '@vouchsafe/proto/risk/v1/risk';
import { bind, type BoundProjection, type ProjectionRunner, type ReadStore, startProjections } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Disk, Figures, Ids, Log, Namespace, Random, ServiceModule, Timers } from '@vouchsafe/runtime';
import { celCompiler } from './adapters/cel-compiler.js';
import { listCodec, reviewCodec, ruleSetCodec, signalCodec, verdictCodec } from './adapters/codecs.js';
import { diskListFiles } from './adapters/disk-list-files.js';
import { snapshotCollection, type SnapshotPart, WindowSnapshots } from './adapters/window-snapshots.js';
import { assessmentHandlers } from './api/assessment-handlers.js';
import { listHandlers } from './api/list-handlers.js';
import { reviewHandlers } from './api/review-handlers.js';
import { ruleHandlers } from './api/rule-handlers.js';
import { recordSignal } from './api/signal-handlers.js';
import { verdictHandlers } from './api/verdict-handlers.js';
import { Assessor } from './application/assessor.js';
import { countChargebacks } from './application/chargebacks.js';
import { FEATURES } from './application/features.js';
import { ListMemory } from './application/list-memory.js';
import { Lists } from './application/lists.js';
import { followAll, rebuildWindows } from './application/rebuild.js';
import { Reviews } from './application/reviews.js';
import { RuleSetShelf } from './application/rulesets.js';
import { Signals } from './application/signals.js';
import { RiskWindows } from './application/windows/risk-windows.js';
import { verdictsCounter } from './application/verdict-figures.js';
import type { RiskConfig } from './config.js';
import { type ReviewDoc, reviewList } from './projections/review-list.js';

export type RiskPorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: Rpc; readonly clock: Clock;
  readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log;
  /** What operation is told. */
  readonly figures?: Figures;
  /** Where imported list files are kept; part of what a backup takes along. */
  readonly listDisk: Disk;
  /** Folder from which a person may import list files by name. */
  readonly sourceDisk?: Disk;
};

/** Views that risk keeps; also what an audit rebuilds and compares. */
export const riskProjections = (): readonly BoundProjection[] => [bind(reviewList, reviewCodec, ['case'])];

/** So many events read at a start are not to be read at the next again. */
const SNAPSHOT_EVENTS = 100_000;

/** The module, with its views' runner and its publisher while they run, for those who watch them. */
export type Risk = ServiceModule & { readonly projections: () => ProjectionRunner | undefined; readonly publisher: () => Publisher | undefined };

/** Judges orders before stock is touched. Serves once its windows, lists and rules are read back from the events. */
export const createRisk = (ports: RiskPorts, config: RiskConfig): Risk => {
  const { store, clock, random, log, bus, readStore, rpc, ids, namespace } = ports;
  const windows = new RiskWindows(config.windows);
  const memory = new ListMemory();
  const files = diskListFiles({ disk: ports.listDisk, ...(ports.sourceDisk && { sources: ports.sourceDisk }) });
  const lists = new Lists({ store, clock, random, log, codec: listCodec, memory, files });
  const shelf = new RuleSetShelf({ store, clock, random, log, codec: ruleSetCodec, compiler: celCompiler((name) => FEATURES.get(name)?.type) });
  const reviews = new Reviews({ store, clock, random, codec: reviewCodec });
  const signals = new Signals({ store, clock, random, codec: signalCodec, windows });
  const assessor = new Assessor({
    store, clock, random, log, codec: verdictCodec, windows, lists: memory, count: verdictsCounter(ports.figures), openReview: (given, envelope) => reviews.open(given, envelope),
    program: () => shelf.program(), reviewTimeoutMs: config.reviewTimeoutMs, challengeValidMs: config.challengeValidMs,
  });
  const stopped = new AbortController();
  let running: { readonly runner: ProjectionRunner; readonly publisher: Publisher; readonly following: Promise<void>; readonly snapshots: WindowSnapshots | undefined } | undefined;
  return {
    name: 'risk',
    needs: ['access'],
    projections: () => running?.runner,
    publisher: () => running?.publisher,
    start: async () => {
      await lists.start();
      await shelf.start();
      const codecs = { verdict: verdictCodec, signal: signalCodec };
      const snapshots = store.exclusive ? new WindowSnapshots({ collection: await readStore.collection<SnapshotPart>(snapshotCollection), store, size: config.windows, log }) : undefined;
      const { after, events } = await rebuildWindows(windows, { codecs, store, from: await snapshots?.load(windows) });
      if (events >= SNAPSHOT_EVENTS) await snapshots?.save(windows);
      log.info({ events, lists: lists.all().length, rules: shelf.program().version }, 'risk state rebuilt');
      const following = store.exclusive ? Promise.resolve() : followAll({ windows, codecs, store, shelf, lists }, after, stopped.signal);
      const runner = await startProjections({ name: 'risk', store, readStore, log, clock, projections: riskProjections() });
      const collection = await readStore.collection<ReviewDoc>(reviewList.collection);
      rpc.serve(RiskAssessmentService, assessmentHandlers(assessor, config.reviewTimeoutMs));
      rpc.serve(RiskService, {
        recordSignal: (request, context) => recordSignal({ rpc, namespace, clock, ids, signals }, request, context),
        ...verdictHandlers({ assessor, shelf, clock }),
        ...ruleHandlers({ shelf, clock, ids }),
        ...listHandlers({ rpc, namespace, clock, ids, lists, files }),
        ...reviewHandlers({ reviews, collection, runner, clock, ids, rules: () => shelf.program().rules }),
      });
      countChargebacks({ bus, assessor, signals, log });
      const publisher = await startPublisher({
        context: 'risk', store, bus, readStore, categories: ['case'], log, clock, toIntegration: ({ type, data }) => ({ type, data }),
      });
      running = { runner, publisher, following, snapshots };
    },
    stop: async () => {
      stopped.abort();
      await running?.publisher.stop();
      await running?.runner.stop();
      await running?.following;
      await running?.snapshots?.save(windows).catch((error: unknown) => log.info({ error: String(error) }, 'the risk windows were not written down; the next start reads them from the log'));
    },
  };
};
