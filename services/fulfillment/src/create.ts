import { type Bus, on, type Publisher, serveCommands, startPublisher } from '@vouchsafe/bus';
import { startTopUp } from '@vouchsafe/contracts';
import { DeciderHost, type EventStore } from '@vouchsafe/event-store';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { bind, type BoundProjection, type ProjectionRunner, type ReadStore, startDeadlines, startProjections } from '@vouchsafe/read-store';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Ids, Log, Namespace, Random, ServiceModule, Stop, Timers } from '@vouchsafe/runtime';
import { guardCodec, topUpCodec } from './adapters/codecs.js';
import { jweRecipientKeys } from './adapters/jwe-keys.js';
import { accountsClient, grantsClient, recipientKey, secretsClient } from './adapters/neighbours.js';
import { configuredProviders } from './adapters/providers.js';
import { serviceContext } from './adapters/service-context.js';
import { deliveryHandlers } from './api/delivery-handlers.js';
import { disclosureHandlers } from './api/disclosure-handlers.js';
import { secretDisclosure } from './application/disclose-secrets.js';
import type { Providers, RecipientKeys } from './application/ports.js';
import { topUpStart } from './application/start-top-up.js';
import { type TopUpDriver, topUpDriver } from './application/top-up-driver.js';
import type { FulfillmentConfig } from './config.js';
import { topUpDecider } from './domain/top-up.js';
import { guardDecider } from './domain/top-up-guard.js';
import { type DeliveryDoc, deliveries } from './projections/deliveries.js';
import { type TopUpDeadline, topUpDeadlines } from './projections/top-up-deadlines.js';

export type FulfillmentPorts = {
  readonly namespace: Namespace; readonly store: EventStore; readonly bus: Bus; readonly readStore: ReadStore; readonly rpc: Rpc;
  readonly clock: Clock; readonly random: Random; readonly ids: Ids; readonly timers: Timers; readonly log: Log;
  /** Instead of the public keys that channels registered with access (tests). */
  readonly keys?: RecipientKeys;
  /** Instead of the configured HTTP providers (tests, simulation). */
  readonly providers?: Providers;
};
const CATEGORY = ['delivery'];

/** Views that fulfillment keeps; also what an audit rebuilds and compares. */
export const fulfillmentProjections = (): readonly BoundProjection[] => [bind(deliveries, topUpCodec, CATEGORY), bind(topUpDeadlines, topUpCodec, CATEGORY)];

/** Deliveries: secrets to whoever is entitled, top-ups through providers. Needs redemption (grants), inventory (vault), access (accounts). */
export const createFulfillment = (ports: FulfillmentPorts, config: FulfillmentConfig): ServiceModule & { readonly projections: () => ProjectionRunner | undefined; readonly publisher: () => Publisher | undefined } => {
  let running: Running | undefined;
  return {
    name: 'fulfillment',
    needs: ['access', 'inventory', 'redemption'],
    projections: () => running?.runner,
    publisher: () => running?.publisher,
    start: async () => {
      running = await start(ports, config);
    },
    stop: async () => {
      running?.abort.abort();
      await running?.deadlines();
      await running?.driver.idle();
      await running?.publisher.stop();
      await running?.runner.stop();
      running = undefined;
    },
  };
};
type Running = { readonly runner: ProjectionRunner; readonly publisher: Publisher; readonly deadlines: Stop; readonly driver: TopUpDriver; readonly abort: AbortController };

const start = async (ports: FulfillmentPorts, config: FulfillmentConfig): Promise<Running> => {
  const { namespace, store, bus, readStore, rpc, clock, ids, log, providers = configuredProviders(config.providers) } = ports;
  const abort = new AbortController();
  const runner = await startProjections({
    name: 'fulfillment', store, readStore, log, clock, projections: fulfillmentProjections(),
  });
  const context = serviceContext(namespace, clock, ids);
  const [grants, secrets, accounts] = [grantsClient(rpc, context), secretsClient(rpc, context), accountsClient(rpc, context)];
  const keys = ports.keys ?? jweRecipientKeys(recipientKey(rpc, context));
  const onError = (error: unknown): void => log.error({ error }, 'a top-up could not be moved on; tried again at its deadline');
  const topUps = new DeciderHost({
    ...ports, decider: topUpDecider, codec: topUpCodec,
    onAccepted: (stream, _folded, events, { trace }) => {
      // begun at once, not at the next round of deadlines; its first act is to wait until the start is durable
      if (events.some(({ type }) => type === 'TopUpStarted')) queueMicrotask(() => driver.drive(stream, trace).catch(onError));
    },
  });
  const guards = new DeciderHost({ ...ports, decider: guardDecider, codec: guardCodec });
  const driver = topUpDriver({ topUps, guards, providers, accounts, store, clock, signal: abort.signal, silenceMs: config.silenceMs });
  serveCommands(bus, 'fulfillment', [on(startTopUp, topUpStart({ topUps, guards, providers, clock }))]);
  const byId = await readStore.collection<DeliveryDoc>(deliveries.collection);
  const disclose = secretDisclosure({ bus, namespace, store, clock, ids, secrets, keys });
  rpc.serve(FulfillmentService, {
    ...disclosureHandlers({ grants, disclose }),
    ...deliveryHandlers({ topUps, grants, deliveries: byId, caughtUp: () => durablyCaughtUp(store, runner), clock }),
  });
  const publisher = await startPublisher({ context: 'fulfillment', store, bus, readStore, categories: CATEGORY, toIntegration: ({ type, data }) => ({ type, data }), log, clock });
  const deadlines = startDeadlines({
    collection: await readStore.collection<TopUpDeadline>(topUpDeadlines.collection), clock, timers: ports.timers, projections: runner,
    // not awaited: one slow provider must not hold up the others; a drive that runs already is joined
    onDue: async ({ id }) => void driver.drive(id).catch(onError), onError,
  });
  return { runner, publisher, deadlines, driver, abort };
};
const durablyCaughtUp = async (store: EventStore, runner: ProjectionRunner): Promise<void> => {
  await store.durable(store.head());
  await runner.caughtUp();
};
