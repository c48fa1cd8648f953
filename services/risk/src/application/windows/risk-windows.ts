import type { Signal } from '../../domain/signal.js';
import type { Parties, Verdict } from '../../domain/verdict.js';
import { hashOf, keyOf, scopedKey } from './key.js';
import { type SavedTable, WindowTable } from './table.js';

/** Counters and sets of others that every kind of party has. */
export const COUNTERS = ['orders', 'denied', 'signups', 'logins', 'failures', 'chargebacks'] as const;
export type CounterName = (typeof COUNTERS)[number];
export const DISTINCTS = ['buyers', 'devices', 'ips', 'payees'] as const;
export type DistinctName = (typeof DISTINCTS)[number];
export type Table = WindowTable<CounterName, DistinctName>;

export type PartyKind = 'buyer' | 'device' | 'ip' | 'payee';
export const PARTY_KINDS: readonly PartyKind[] = ['buyer', 'device', 'ip', 'payee'];
/** The set in which others keep a party of this kind. */
const SET_OF: Readonly<Record<PartyKind, DistinctName>> = { buyer: 'buyers', device: 'devices', ip: 'ips', payee: 'payees' };

export type WindowsSize = {
  /** Keys held per kind of party; those not seen for longest give way. */
  readonly keysPerTable: number;
  /** Moments held per kind and counter. */
  readonly momentsPerTable: number;
};

type SavedParties = SavedTable<CounterName, DistinctName>;
/** All that the windows hold, as plain data. */
export type SavedWindows = {
  readonly tables: { readonly [K in PartyKind]: SavedParties }; readonly channels: SavedTable<'orders', never>; readonly products: SavedTable<'units', never>;
};

/** What of an order the windows keep. */
export type OrderFacts = Pick<Verdict, 'channelId' | 'parties' | 'lines' | 'total' | 'verdict' | 'at'>;

/**
 * All sliding windows of risk, in memory, bounded. They are a fold over verdict and signal events and nothing else, so a
 * restart rebuilds them. A party is counted within the channel that asserts it; device, IP and payee also over all
 * channels, which only rules that say so look at (RULES, Who may). A buyer is its channel's own.
 */
export class RiskWindows {
  readonly tables: { readonly [K in PartyKind]: Table };
  /** Orders by channel and by product. */
  readonly channels: WindowTable<'orders', never>;
  readonly products: WindowTable<'units', never>;

  constructor(size: WindowsSize) {
    const each = { maxKeys: size.keysPerTable, maxNodes: size.momentsPerTable };
    const table = (): Table => new WindowTable(each, COUNTERS, DISTINCTS);
    this.tables = { buyer: table(), device: table(), ip: table(), payee: table() };
    const small = { maxKeys: Math.min(size.keysPerTable, 20_000), maxNodes: size.momentsPerTable };
    this.channels = new WindowTable(small, ['orders'], []);
    this.products = new WindowTable(small, ['units'], []);
  }

  save(): SavedWindows {
    const { buyer, device, ip, payee } = this.tables;
    return { tables: { buyer: buyer.save(), device: device.save(), ip: ip.save(), payee: payee.save() }, channels: this.channels.save(), products: this.products.save() };
  }
  /** Become the windows that were saved, of the same size. */
  load({ tables, channels, products }: SavedWindows): void {
    for (const kind of PARTY_KINDS) this.tables[kind].load(tables[kind]);
    this.channels.load(channels);
    this.products.load(products);
  }

  /** Takes an order in, once its verdict is accepted. */
  order({ channelId, parties, lines, total, verdict, at }: OrderFacts): void {
    const amount = Number(total.minor);
    const places = this.#places(channelId, parties);
    for (const { table, slot } of places) {
      table.add(slot, 'orders', at, 1, amount);
      if (verdict === 'deny') table.add(slot, 'denied', at, 1);
    }
    meet(places, parties, at);
    this.channels.add(this.channels.keys.touch(keyOf(channelId)), 'orders', at, 1, amount);
    for (const { productId, quantity } of lines) this.products.add(this.products.keys.touch(keyOf(productId)), 'units', at, quantity);
  }

  /** Takes a signal in, at the moment it says. */
  signal({ kind, channelId, parties, occurredAt: at }: Signal): void {
    const places = this.#places(channelId, parties);
    const counter = COUNTED_AS[kind];
    if (counter) for (const { table, slot } of places) table.add(slot, counter, at, 1);
    if (kind === 'sign_up') this.#begin(places, at);
    if (kind === 'sign_up' || kind === 'login') meet(places, parties, at);
  }

  #begin(places: readonly Place[], at: number): void {
    for (const { table, slot, kind } of places) if (kind === 'buyer') table.begin(slot, at);
  }
  /** Where the parties are counted, each looked up once. */
  #places(channelId: string, parties: Parties): readonly Place[] {
    const places: Place[] = [];
    for (const kind of PARTY_KINDS) {
      const token = parties[kind];
      if (token === undefined) continue;
      const table = this.tables[kind];
      const key = keyOf(token);
      places.push({ table, kind, slot: table.keys.touch(scopedKey(channelId, key)) });
      if (kind !== 'buyer') places.push({ table, kind, slot: table.keys.touch(key) });
    }
    return places;
  }
}

type Place = { readonly table: Table; readonly slot: number; readonly kind: PartyKind };
/** What a signal is counted as; sign-ups and log-ins also tell who was seen with whom. */
const COUNTED_AS: Readonly<Record<Signal['kind'], CounterName | undefined>> = {
  sign_up: 'signups', login: 'logins', login_failed: 'failures', payment_failed: 'failures', challenge_failed: 'failures', chargeback: 'chargebacks',
  profile_changed: undefined, challenge_passed: undefined,
};

/** Every party meets every other of another kind. */
const meet = (places: readonly Place[], parties: Parties, at: number): void => {
  for (const other of PARTY_KINDS) {
    const token = parties[other];
    if (token === undefined) continue;
    const hash = hashOf(token);
    for (const { table, slot, kind } of places) if (kind !== other) table.see(slot, SET_OF[other], hash, at);
  }
};
