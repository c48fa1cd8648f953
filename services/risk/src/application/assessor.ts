import { DeciderHost, type Envelope, type EventStore, type Soon } from '@vouchsafe/event-store';
import type { EventCodec } from '@vouchsafe/codec';
import { type Instant, invariant, plusMs } from '@vouchsafe/kernel';
import { type Clock, type Log, type Random, uuidv5 } from '@vouchsafe/runtime';
import { type Verdict, type VerdictCommand, verdictDecider, type VerdictEvent } from '../domain/verdict.js';
import type { Subject } from './features.js';
import type { ListMemory } from './list-memory.js';
import { streamOfVerdict, verdictIdOf, verdictOfChallenge, verdictStream } from './names.js';
import type { Outcome, Program } from './rule-program.js';
import type { RiskWindows } from './windows/risk-windows.js';

/** An order to judge. `ip` is looked at and forgotten. */
export type Ask = Pick<Verdict, 'channelId' | 'parties' | 'lines' | 'total' | 'at'> & { readonly ip: string; readonly emailDomain: string; readonly challengeProof: string };
export type OrderAsk = Ask & { readonly orderId: string; readonly fingerprint: string; readonly principal: string; readonly correlation: string; readonly trace?: string };
export type Given = { readonly verdictId: string; readonly verdict: Verdict };

export type AssessorPorts = {
  readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly log: Log; readonly codec: EventCodec<VerdictEvent>;
  readonly windows: RiskWindows; readonly lists: ListMemory;
  /** Told of each verdict that is given here. */
  readonly count?: (verdict: VerdictEvent) => void;
  /** Lets a person see an order that waits; may be called again. */
  readonly openReview: (given: Given, envelope: Envelope) => Promise<void>;
  /** The program in force. */
  readonly program: () => Program;
  readonly reviewTimeoutMs: number; readonly challengeValidMs: number;
};

/** Verdicts at hand for an order that asks again, a review or a charge-back soon after. */
const VERDICTS_CACHED = 5_000;

/** Judges orders from memory. A verdict is recorded once per (order, fingerprint); the windows take it in as it is accepted. */
export class Assessor {
  readonly #host: DeciderHost<Verdict | undefined, VerdictCommand, VerdictEvent, never>;

  constructor(readonly ports: AssessorPorts) {
    const { store, clock, random, codec, windows, count } = ports;
    this.#host = new DeciderHost({
      store, clock, random, codec, decider: verdictDecider, cacheMax: VERDICTS_CACHED, opens: true,
      // Where others write too, the windows follow the store instead, their own events among the rest.
      onAccepted: (_, __, events) => {
        for (const event of events) {
          count?.(event);
          if (store.exclusive) windows.order(event);
        }
      },
    });
  }

  /** The verdict of an order; asked again, the one first given, whatever was learnt since. Throws or rejects. */
  assess(ask: OrderAsk): Soon<Given> {
    return ask.challengeProof === '' ? this.#give(ask, false) : this.#isMet(ask).then((met) => this.#give(ask, met));
  }

  #give(ask: OrderAsk, challengeMet: boolean): Soon<Given> {
    const { orderId, fingerprint, channelId, parties, lines, total, at } = ask;
    const verdictId = verdictIdOf(orderId, fingerprint);
    const { program, outcome } = this.judge(ask, challengeMet);
    if (outcome.failed.length > 0) this.ports.log.warn({ orderId, rules: outcome.failed }, 'rules could not be evaluated and counted as not held');
    const { verdict, reasons, shadow, features } = outcome;
    const envelope: Envelope = { commandId: uuidv5(`risk/verdict/${verdictId}`), correlation: ask.correlation || orderId, principal: ask.principal, at, ...(ask.trace !== undefined && { trace: ask.trace }) };
    const handled = this.#host.decide(verdictStream(orderId, fingerprint), {
      type: 'GiveVerdict', orderId, channelId, verdict, reasons, shadow, ruleSet: program.version, features, parties, lines, total, challengeMet, at,
      ...(verdict === 'review' && { reviewUntil: plusMs(at, this.ports.reviewTimeoutMs) }),
    }, envelope);
    return handled instanceof Promise ? handled.then((later) => this.#given(verdictId, later, envelope)) : this.#given(verdictId, handled, envelope);
  }

  #given(verdictId: string, handled: { readonly ok: boolean; readonly state: Verdict | undefined }, envelope: Envelope): Soon<Given> {
    invariant(handled.ok && handled.state, 'a verdict is never refused');
    const given = { verdictId, verdict: handled.state };
    // Also when the verdict is repeated: the process may have ended between the two.
    return given.verdict.verdict === 'review' ? this.ports.openReview(given, envelope).then(() => given) : given;
  }

  /** What the rules say of an order now; nothing is recorded or counted. */
  judge(ask: Ask, challengeMet: boolean, program: Program = this.ports.program()): { readonly program: Program; readonly outcome: Outcome } {
    const { lists, windows } = this.ports;
    const subject: Subject = {
      channelId: ask.channelId, parties: ask.parties, lines: ask.lines, total: ask.total, at: ask.at, emailDomain: ask.emailDomain, challengeMet,
      ...lists.look(ask.ip, ask.parties, ask.emailDomain, ask.at),
    };
    return { program, outcome: program.judge(subject, windows) };
  }

  /** A recorded verdict by its id. */
  async find(verdictId: string): Promise<Verdict | undefined> {
    const stream = streamOfVerdict(verdictId);
    return stream === undefined ? undefined : (await this.#host.load(stream)).state;
  }

  /** A proof counts on the channel that was challenged, for the same buyer and device, for a while. */
  async #isMet({ challengeProof, channelId, parties, at }: OrderAsk): Promise<boolean> {
    const asked = await this.find(verdictOfChallenge(challengeProof));
    return asked?.verdict === 'challenge' && asked.channelId === channelId && asked.parties.buyer === parties.buyer && asked.parties.device === parties.device
      && isWithin(asked.at, at, this.ports.challengeValidMs);
  }
}

const isWithin = (then: Instant, now: Instant, ms: number): boolean => now >= then && now - then <= ms;
