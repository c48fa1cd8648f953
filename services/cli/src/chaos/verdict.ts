import type { EventStore } from '@vouchsafe/event-store';
import { Auditor } from '../audit/auditor.js';
import { allEvents } from '../audit/open-log.js';
import type { Acks } from '../crash/acks.js';
import { codesTwice, lostOf } from '../crash/verdict.js';
import type { CHANNELS, Clients } from './clients.js';
import type { Load } from './load.js';

/** What a scenario ends with; all of `lost`, `twice`, `stuck`, `ledger_sum`, `damage` are zero, or a promise was broken. */
export type Verdict = {
  /** Answers that the platform is held to. */
  readonly acked: number;
  readonly lost: number;
  readonly twice: number;
  /** Orders that have not ended within a minute of the last fault. */
  readonly stuck: number;
  readonly ledger_sum: number;
  readonly damage: number;
  /** Calls that were made again. */
  readonly retried: number;
  readonly examples: readonly string[];
};

const EXAMPLES = 10;

/** Asks the running platform about every answer, and audits its log by a reader of its own. */
export const verdictOf = async (store: EventStore, clients: Clients, load: Load, { acks, stuck }: { readonly acks: Acks; readonly stuck: readonly string[] }): Promise<Verdict> => {
  const lost = await lostOf(acks.all, (name) => clients.channels[name as (typeof CHANNELS)[number]], clients);
  const auditor = new Auditor();
  const placed = new Map<string, number>();
  for await (const event of allEvents(store)) {
    auditor.see(event);
    if (/\.(OrderPlaced|OrderRefused)$/.test(event.type)) placed.set(event.stream, (placed.get(event.stream) ?? 0) + 1);
  }
  const { violations, ledgerSums } = auditor.findings();
  const twice = [...load.doubled, ...codesTwice(acks.all), ...violations.codes, ...violations.redemptions, ...[...placed].filter(([, times]) => times > 1).map(([stream, times]) => `${stream} was placed ${times} times`)];
  const unended = [...stuck, ...violations.orders];
  const sums = Object.values(ledgerSums).reduce((sum, one) => sum + (one < 0n ? -one : one), BigInt(violations.books.length));
  return {
    acked: acks.all.length, lost: lost.length, twice: twice.length, stuck: unended.length, ledger_sum: Number(sums), damage: violations.integrity.length, retried: load.retried,
    examples: [...lost, ...twice, ...unended, ...violations.books, ...violations.integrity].slice(0, EXAMPLES),
  };
};

/** Whether all promises held. */
export const isClean = ({ lost, twice, stuck, ledger_sum: sum, damage }: Verdict): boolean => lost + twice + stuck + Math.abs(sum) + damage === 0;
