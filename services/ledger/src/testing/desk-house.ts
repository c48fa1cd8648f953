import { memoryStore } from '@vouchsafe/event-store';
import { type Instant, plusMs } from '@vouchsafe/kernel';
import { type Clock, silentLog, systemRandom } from '@vouchsafe/runtime';
import { openStreams } from '../adapters/streams.js';
import { Books } from '../application/books.js';
import { accountChain, journalChain } from '../application/chains.js';
import { Desk } from '../application/desk.js';
import { accountRootOf } from '../application/streams.js';
import { ledgerConfig } from '../config.js';
import { fundsOf } from '../domain/account.js';
import { aDelivery, cny, deposit, NOON, theAccount } from './builders.js';

/** A clock that stands where it is put. */
export const movableClock = (): Clock & { time: Instant } => ({
  time: NOON,
  now() { return this.time; },
  monotonicMs() { return this.time; },
  sleep: async () => {},
});
const START = { holdId: 'ord_1', accountId: theAccount.accountId, channelId: 'chn_shop', orderId: 'ord_1', amount: cny(1130) };

/** The ledger's desk on a store in memory, without views; the clock stands where it is put. */
export const openDesk = (segmentEvents = 10_000, clock = movableClock(), store = memoryStore(clock)) => {
  const config = ledgerConfig.parse({ segmentEvents: Math.max(10, segmentEvents) });
  const streams = openStreams({ store, clock, random: systemRandom() }, config);
  const books = new Books({ streams, clock, shards: config.journalShards, termsOf: async (bookId) => (bookId === 'bok_main' ? { zone: 'Asia/Shanghai', cutOffMinute: 0 } : undefined) });
  const ground = { streams, books, store, clock, log: silentLog, segmentEvents: config.segmentEvents, hintOf: async () => undefined };
  const accounts = accountChain(ground);
  const journals = journalChain(ground);
  const desk = new Desk({ accounts, journals, books, clock, postingsOf: async () => undefined });
  let asked = 0;
  const envelope = () => ({ commandId: `c${asked++}-${clock.time}`, correlation: 'ord_1', principal: 'pri_1', at: clock.time });
  const funds = async () => {
    const folded = await accounts.load(accountRootOf(theAccount.accountId));
    return folded?.state.step === 'open' ? { ...folded.state, funds: fundsOf(folded.state) } : undefined;
  };
  const hold = async (more: Partial<typeof START> = {}) =>
    desk.hold({ ...START, ...more, notAfter: plusMs(clock.time, 60_000), expiresAt: plusMs(clock.time, 3_600_000) }, envelope());
  const capture = async (orderId = 'ord_1', occurredAt = clock.time) => {
    const { dims, ...delivery } = aDelivery();
    const fact = { ...delivery, dims: { ...dims, orderId, lineId: `${orderId}/1` } };
    return desk.capture({ holdId: orderId, accountId: theAccount.accountId, captureId: `${orderId}/1`, fact, final: true, occurredAt }, envelope());
  };
  const fund = async (minor: number, factId = `dep_${minor}`, occurredAt = clock.time) => {
    await books.openAccount(theAccount);
    return desk.book({ factId, fact: deposit(minor), occurredAt, accountId: theAccount.accountId }, envelope());
  };
  return { store, clock, desk, books, accounts, journals, envelope, funds, hold, capture, fund };
};
export type DeskHouse = ReturnType<typeof openDesk>;
