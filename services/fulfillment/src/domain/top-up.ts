import { accept, type Decider, type Decision, type Instant, lineAmount, minus, type Money, money, type Of, plusMs, reject, roundHalfUp, taxWithin } from '@vouchsafe/kernel';
import { sameValue } from './same-value.js';
import type { Outcome, ProviderAnswer, TopUpCommand, TopUpEvent, TopUpRejection, TopUpTerms } from './top-up-messages.js';

/** One request number at one provider, however often it was sent or asked about. `sent`: no answer is on record. */
export type Attempt = {
  readonly provider: string; readonly requestNumber: string; readonly state: 'sent' | ProviderAnswer['status']; readonly at: Instant;
  /** Answers on record that were no end. */
  readonly inconclusive: number;
  readonly reason?: string; readonly reference?: string;
};
export type Ended = { readonly outcome: Outcome; readonly delivered: number; readonly reason?: string; readonly at: Instant };
export type TopUp = {
  readonly terms: TopUpTerms; readonly startedAt: Instant; readonly attempts: readonly Attempt[];
  /** When something is to be done next, unless it ended. */
  readonly dueAt: Instant;
  readonly escalated?: { readonly reason: string; readonly at: Instant };
  readonly end?: Ended;
};
type Answer = Decision<TopUpEvent, TopUpRejection>;

/** The first pause before a provider is asked again; doubled each time. */
const PAUSE_MS = 2_000;
const PAUSE_MAX_MS = 3_600_000;
/** "Unknown" so often in a row (some eight minutes) goes to a person; asking goes on. */
const UNKNOWN_MAX = 8;

const decide = (command: TopUpCommand, topUp: TopUp | undefined): Answer => {
  if (command.type === 'Start') return start(command, topUp);
  if (!topUp) return reject('DELIVERY_UNKNOWN');
  switch (command.type) {
    case 'RecordAttempt': return recordAttempt(command, topUp);
    case 'RecordAnswer': return recordAnswer(command, topUp);
    case 'Resolve': return resolve(command, topUp);
  }
};

const start = ({ terms, at }: Of<TopUpCommand, 'Start'>, topUp: TopUp | undefined): Answer => {
  if (!topUp) return accept({ type: 'TopUpStarted', terms, at });
  const { providers: _then, ...known } = topUp.terms; // the route may have been configured otherwise meanwhile
  const { providers: _now, ...asked } = terms;
  return sameValue(known, asked) ? accept() : reject('DELIVERY_ID_REUSED');
};
/** Before a provider hears of it. A new number only when the last one failed for good, the same again only when it never arrived. */
const recordAttempt = ({ provider, requestNumber, silentAt, at }: Of<TopUpCommand, 'RecordAttempt'>, topUp: TopUp): Answer => {
  if (topUp.end) return reject('TOP_UP_ENDED');
  const last = topUp.attempts.at(-1);
  if (last?.requestNumber === requestNumber && last.state !== 'absent') return accept();
  const open = last !== undefined && last.requestNumber !== requestNumber && last.state !== 'failed';
  return open ? reject('ATTEMPT_OPEN') : accept({ type: 'AttemptRecorded', provider, requestNumber, dueAt: silentAt, at });
};
const recordAnswer = ({ requestNumber, answer, at }: Of<TopUpCommand, 'RecordAnswer'>, topUp: TopUp): Answer => {
  const attempt = topUp.attempts.at(-1);
  if (attempt?.requestNumber !== requestNumber) return reject('ATTEMPT_UNKNOWN');
  if (topUp.end || attempt.state === 'failed') return accept(); // a late answer to what is over
  const answered = (dueAt: Instant): TopUpEvent => ({ type: 'AttemptAnswered', requestNumber, ...answer, dueAt, at });
  switch (answer.status) {
    case 'succeeded': return accept(answered(at), ended(topUp, { outcome: 'succeeded', delivered: topUp.terms.quantity, charged: answer.charged, provider: attempt.provider }));
    case 'partial': return accept(answered(at), ended(topUp, partial(topUp, answer, attempt)));
    case 'failed': return accept(answered(at), ...failure(topUp, attempt, answer.reason, at));
    case 'accepted':
    case 'unknown':
    case 'absent': return accept(answered(plusMs(at, pauseAfter(attempt))), ...escalation(topUp, attempt, answer, at));
  }
};
/** The end, unless another provider may still be asked in time. */
const failure = (topUp: TopUp, { provider }: Attempt, reason: string, at: Instant): readonly TopUpEvent[] =>
  nextProvider(topUp) !== undefined && at < topUp.terms.giveUpAt ? [] : [ended(topUp, { outcome: 'failed', delivered: 0, provider, reason })];
/** A provider that speaks of more or less than was asked for is held to what was asked. */
const partial = ({ terms: { quantity } }: TopUp, { delivered, charged }: Extract<ProviderAnswer, { status: 'partial' }>, { provider }: Attempt): Ending => {
  if (delivered >= quantity) return { outcome: 'succeeded', delivered: quantity, charged, provider };
  return delivered <= 0 ? { outcome: 'failed', delivered: 0, provider, reason: 'NOTHING_DELIVERED' } : { outcome: 'partial', delivered, charged, provider };
};
const pauseAfter = ({ inconclusive }: Attempt): number => Math.min(PAUSE_MS * 2 ** Math.min(inconclusive, 20), PAUSE_MAX_MS);
const escalation = (topUp: TopUp, attempt: Attempt, answer: ProviderAnswer, at: Instant): readonly TopUpEvent[] => {
  if (topUp.escalated) return [];
  const lost = answer.status === 'unknown' && attempt.inconclusive + 1 >= UNKNOWN_MAX;
  if (!lost && at < topUp.terms.giveUpAt) return [];
  const { provider, requestNumber } = attempt;
  return [{ type: 'TopUpEscalated', provider, requestNumber, reason: answer.status === 'unknown' ? answer.reason : `STILL_${answer.status.toUpperCase()}`, at }];
};
/** A person's word, with evidence; only about what was escalated. */
const resolve = ({ outcome, delivered, evidence, principalId, at }: Of<TopUpCommand, 'Resolve'>, topUp: TopUp): Answer => {
  const { quantity } = topUp.terms;
  const units = { partial: delivered, failed: 0, succeeded: quantity }[outcome];
  if (topUp.end) return topUp.end.outcome === outcome && topUp.end.delivered === units ? accept() : reject('TOP_UP_ENDED');
  if (!topUp.escalated) return reject('NOT_ESCALATED');
  if (outcome === 'partial' && (units <= 0 || units >= quantity)) return reject('QUANTITY_OUT_OF_RANGE', { quantity: String(quantity) });
  const provider = topUp.attempts.at(-1)?.provider ?? '';
  const end = ended(topUp, { outcome, delivered: units, provider, ...(outcome === 'failed' && { reason: 'RESOLVED_AS_FAILED' }) });
  return accept({ type: 'TopUpResolved', principalId, outcome, delivered: units, evidence, at }, end);
};

type Ending = { readonly outcome: Outcome; readonly delivered: number; readonly provider: string; readonly charged?: Money; readonly reason?: string };
const ended = ({ terms }: TopUp, { outcome, delivered, provider, charged, reason }: Ending): TopUpEvent => ({
  type: 'TopUpEnded', deliveryId: terms.deliveryId, orderId: terms.orderId, lineId: terms.lineId, outcome, deliveredQuantity: delivered, provider,
  supplierId: terms.supplierId, ...(reason !== undefined && { reason }), ...costOf(terms, delivered, charged),
});
/** What the provider charged, its tax taken out; else the agreed cost, its tax on top. */
const costOf = ({ face, unitCostMicros, inputTaxRateBp = 0 }: TopUpTerms, delivered: number, charged: Money | undefined): { readonly cost: Money; readonly inputTax: Money } => {
  if (charged?.currency === face.currency && delivered > 0) {
    const inputTax = taxWithin(charged, inputTaxRateBp);
    return { cost: minus(charged, inputTax), inputTax };
  }
  const cost = lineAmount(unitCostMicros ?? 0n, delivered, face.currency);
  return { cost, inputTax: money(roundHalfUp(cost.minor * BigInt(inputTaxRateBp), 10_000n), face.currency) };
};

/** The provider whose turn it is when the last attempt failed for good; undefined: none is left. */
const nextProvider = ({ terms, attempts }: TopUp): string | undefined => terms.providers[attempts.length];

const evolve = (topUp: TopUp | undefined, event: TopUpEvent): TopUp | undefined => {
  if (event.type === 'TopUpStarted') return { terms: event.terms, startedAt: event.at, attempts: [], dueAt: event.at };
  if (!topUp) return topUp;
  switch (event.type) {
    case 'AttemptRecorded': return { ...topUp, dueAt: event.dueAt, attempts: sent(topUp.attempts, event) };
    case 'AttemptAnswered': return { ...topUp, dueAt: event.dueAt, attempts: topUp.attempts.map((attempt) => (attempt.requestNumber === event.requestNumber ? answered(attempt, event) : attempt)) };
    case 'TopUpEscalated': return { ...topUp, escalated: { reason: event.reason, at: event.at } };
    case 'TopUpResolved': return { ...topUp, dueAt: event.at };
    case 'TopUpEnded': { // follows an answer or a resolution of the same moment, which set `dueAt`
      const { outcome, deliveredQuantity, reason } = event;
      return { ...topUp, end: { outcome, delivered: deliveredQuantity, ...(reason !== undefined && { reason }), at: topUp.dueAt } };
    }
  }
};
const sent = (attempts: readonly Attempt[], { provider, requestNumber, at }: Of<TopUpEvent, 'AttemptRecorded'>): readonly Attempt[] =>
  attempts.some((attempt) => attempt.requestNumber === requestNumber)
    ? attempts.map((attempt) => (attempt.requestNumber === requestNumber ? { ...attempt, state: 'sent' as const } : attempt))
    : [...attempts, { provider, requestNumber, state: 'sent', at, inconclusive: 0 }];
const answered = (attempt: Attempt, { status, reason, reference }: Of<TopUpEvent, 'AttemptAnswered'>): Attempt => ({
  ...attempt, state: status, inconclusive: attempt.inconclusive + 1, ...(reason !== undefined && { reason }), ...(reference !== undefined && { reference }),
});

/** Attempts of one order line at its providers until its end is certain. Stream `delivery-<order>_<line>`. */
export const topUpDecider: Decider<TopUp | undefined, TopUpCommand, TopUpEvent, TopUpRejection> = { decide, evolve, initial: undefined };

export type Step =
  | { readonly do: 'nothing' }
  /** Record it, durably; then send this number to this provider. */
  | { readonly do: 'send'; readonly provider: string; readonly requestNumber: string }
  | { readonly do: 'query'; readonly provider: string; readonly requestNumber: string };
/** What is to be done about a top-up at a moment. Nothing is ever sent twice without a query in between that said it never arrived. */
export const nextStep = (topUp: TopUp | undefined, at: Instant): Step => {
  if (!topUp || topUp.end) return { do: 'nothing' };
  const last = topUp.attempts.at(-1);
  if (!last || last.state === 'failed') {
    const provider = nextProvider(topUp);
    return provider === undefined ? { do: 'nothing' } : { do: 'send', provider, requestNumber: requestNumberOf(topUp) };
  }
  if (at < topUp.dueAt) return { do: 'nothing' };
  const { provider, requestNumber } = last;
  return { do: last.state === 'absent' ? 'send' : 'query', provider, requestNumber };
};
/** Follows from the delivery and how many were before it, so that a crash mints no second one. */
const requestNumberOf = ({ terms, attempts }: TopUp): string => `${terms.deliveryId}.${attempts.length + 1}`;
