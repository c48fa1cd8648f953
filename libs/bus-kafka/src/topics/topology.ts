import type { Names } from './names.js';

/** What one service does on the bus; topics, and who may read and write them, follow from it. */
export type ServiceOnBus = {
  readonly name: string;
  /** Has events of its own for others; and is asked for them again. */
  readonly publishes: boolean;
  /** Handles commands. */
  readonly serves: boolean;
  /** Contexts it commands. */
  readonly commands: readonly string[];
  /** Its consumer groups, and whose events each hears. */
  readonly hears: Readonly<Record<string, readonly string[]>>;
  /** Those of its groups that every instance is by itself, from its start on: for what all of them are to know. */
  readonly live?: readonly string[];
};
export type Topology = readonly ServiceOnBus[];

const quiet = { publishes: false, serves: false, commands: [], hears: {} } as const;

/** The services of the platform. Whoever adds a consumer or a command between services adds it here. */
export const TOPOLOGY: Topology = [
  { ...quiet, name: 'access', publishes: true },
  { ...quiet, name: 'catalog' },
  { ...quiet, name: 'inventory', publishes: true, serves: true },
  {
    ...quiet, name: 'order', publishes: true, commands: ['inventory', 'ledger', 'redemption', 'fulfillment'],
    hears: { 'order.stock': ['inventory'], 'order.top-ups': ['fulfillment'], 'order.reviews': ['risk'] },
  },
  { ...quiet, name: 'risk', publishes: true },
  { ...quiet, name: 'fulfillment', publishes: true, serves: true, commands: ['redemption'] },
  { ...quiet, name: 'redemption', publishes: true, serves: true },
  { ...quiet, name: 'ledger', serves: true, hears: { 'ledger-inventory': ['inventory'], 'ledger-redemption': ['redemption'] } },
  { ...quiet, name: 'insight' },
  // Told of changed principals, so that it forgets what it remembers of them.
  { ...quiet, name: 'gateway', hears: { 'gateway-credentials': ['access'] }, live: ['gateway-credentials'] },
];

/** Whether a service may command another; a service may send itself what another of its instances owns. */
export const mayCommand = (topology: Topology) => (sender: string, target: string): boolean =>
  sender === target || (topology.find(({ name }) => name === sender)?.commands.includes(target) ?? false);

/** Whether every instance of a service hears all of a group's events. */
export const isLive = (topology: Topology, group: string): boolean => topology.some(({ live }) => live?.includes(group));

const isAsked = ({ publishes, serves }: ServiceOnBus): boolean => publishes || serves;
/** Whose command topic a service writes to: those it commands, those it hears (to ask for what it missed), its own. */
export const asksOf = (service: ServiceOnBus): readonly string[] =>
  [...new Set([...service.commands, ...Object.values(service.hears).flat(), ...(isAsked(service) ? [service.name] : [])])];

export type TopicKind = 'events' | 'commands' | 'replies';
export const topicsOf = (topology: Topology, names: Names): readonly { readonly name: string; readonly kind: TopicKind }[] => topology.flatMap((service) => [
  ...(service.publishes ? [{ name: names.events(service.name), kind: 'events' as const }] : []),
  ...(isAsked(service) ? [{ name: names.commands(service.name), kind: 'commands' as const }] : []),
  { name: names.replies(service.name), kind: 'replies' as const },
]);
