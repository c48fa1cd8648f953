import { type Access, accessConfig, composeAccess } from '@vouchsafe/access';
import type { Bus } from '@vouchsafe/bus';
import { catalogConfig, createCatalog } from '@vouchsafe/catalog';
import type { EventStore } from '@vouchsafe/event-store';
import { createFulfillment, fulfillmentConfig, type Providers } from '@vouchsafe/fulfillment';
import { createInsight } from '@vouchsafe/insight';
import { createInventory, inventoryConfig } from '@vouchsafe/inventory';
import type { Journal } from '@vouchsafe/journal';
import { createLedger, ledgerConfig } from '@vouchsafe/ledger';
import { createOrder, orderConfig, type PaymentProvider } from '@vouchsafe/order';
import type { FollowingModule } from '@vouchsafe/process';
import type { ReadStore } from '@vouchsafe/read-store';
import { createRedemption, redemptionConfig } from '@vouchsafe/redemption';
import { createRisk, riskConfig } from '@vouchsafe/risk';
import type { Rpc } from '@vouchsafe/rpc';
import type { Clock, Disk, Figures, Ids, Log, Namespace, Random, Timers } from '@vouchsafe/runtime';
import type { CodeVault, Nonces, PersonalVault } from '@vouchsafe/vault';

/** Everything from outside that the services of one namespace are given: real adapters, or simulated ones. */
export type PlatformPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  readonly clock: Clock;
  /** What `clock` is made of: the time that others have, of the machine or simulated. It may jump. */
  readonly outerClock: Clock;
  /** For keys and signatures, which live in the callers' time also where `clock` is simulated. */
  readonly wallClock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly log: Log;
  readonly figures?: Figures;
  readonly trace?: () => string | undefined;
  readonly codes: CodeVault;
  readonly personal: PersonalVault & Nonces;
  readonly journal: Journal;
  /** Where uploads lie, sealed, until they are in the vault. */
  readonly spool: Disk;
  /** Where imported list files lie. */
  readonly listDisk: Disk;
  /** Folder from which a person may import list files by name. */
  readonly sourceDisk?: Disk;
  readonly deployment: { readonly epoch: number; readonly raised: boolean };
  readonly paymentProviders: readonly PaymentProvider[];
  readonly topUpProviders?: Providers;
};
/** Settings by service, each parsed by its own schema; what is left out has its default. */
export type ServiceSettings = Partial<Record<'access' | 'catalog' | 'inventory' | 'order' | 'risk' | 'fulfillment' | 'redemption' | 'ledger', Readonly<Record<string, unknown>>>>;

/** All services of one namespace, unstarted, and access by itself for local commands. */
export const composeServices = (ports: PlatformPorts, settings: ServiceSettings = {}): { readonly modules: readonly FollowingModule[]; readonly access: Access } => {
  const of = (name: keyof ServiceSettings): Readonly<Record<string, unknown>> => settings[name] ?? {};
  const access = composeAccess({ ...ports, clock: ports.wallClock, vault: ports.personal }, accessConfig.parse(of('access')));
  const modules: readonly FollowingModule[] = [
    access,
    createCatalog(ports, catalogConfig.parse(of('catalog'))),
    createInventory({ ...ports, vault: ports.codes }, inventoryConfig.parse(of('inventory'))),
    createRisk(ports, riskConfig.parse(of('risk'))),
    createLedger(ports, ledgerConfig.parse(of('ledger'))),
    createRedemption(ports, redemptionConfig.parse(of('redemption'))),
    createFulfillment({ ...ports, ...(ports.topUpProviders && { providers: ports.topUpProviders }) }, fulfillmentConfig.parse({ namespace: ports.namespace, ...of('fulfillment') })),
    createOrder(ports, orderConfig.parse(of('order'))),
    createInsight(ports),
  ];
  return { modules, access };
};
