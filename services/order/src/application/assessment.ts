import { type DeadlineWheel, Ticket } from '@vouchsafe/bus';
import { type Instant, isFault, type Money, plusMs } from '@vouchsafe/kernel';
import type { Money as ProtoMoney } from '@vouchsafe/proto/common/v1/types';
import { type AssessRequest, type AssessResponse, AssessResponse_Verdict, RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { callAs, type CallContext } from '@vouchsafe/rpc';
import type { OrderConfig } from '../config.js';
import type { ActedVerdict, OrderLine, SettlementMode } from '../domain/terms.js';
import type { OrderAsk } from './order-ask.js';
import type { OrderPorts } from './ports.js';
import type { ProtectedAsk } from './protection.js';

/** What is assessed: the order as it would be placed. */
export type Assessed = {
  readonly orderId: string; readonly fingerprint: string; readonly ask: OrderAsk; readonly guarded: ProtectedAsk; readonly lines: readonly OrderLine[];
  readonly total: Money; readonly settlement: SettlementMode; readonly principal: string; readonly at: Instant;
};
export type Assessment = { readonly verdict: ActedVerdict; readonly challengeToken?: string; readonly reviewMs?: number };

/** Asks risk, within its deadline; a silent or broken risk service means the configured fallback, and the order says so. */
export const assess = async (ports: OrderPorts, wheel: DeadlineWheel, config: OrderConfig, assessed: Assessed, context: CallContext): Promise<Assessment> => {
  const { rpc, clock, log } = ports;
  const deadline = plusMs(clock.now(), config.riskDeadlineMs);
  try {
    const answer = await within(wheel, config.riskDeadlineMs, rpc.call(RiskAssessmentService.method.assess, requestOf(assessed), callAs(context, context.caller, deadline)));
    if (answer) return assessmentOf(answer);
    log.warn({ orderId: assessed.orderId }, 'risk was silent; the fallback counts');
  } catch (error) {
    if (!isFault(error)) throw error;
    log.warn({ orderId: assessed.orderId, code: error.code }, 'risk could not be asked; the fallback counts');
  }
  return { verdict: { decision: fallbackOf(config, assessed.settlement), fallback: true } };
};

/** Undefined: no answer in time. What comes later, answer or failure, is of no interest any more. */
const within = <T>(wheel: DeadlineWheel, ms: number, call: Promise<T>): Promise<T | undefined> => new Promise((resolve, reject) => {
  const patience = new Patience(wheel, resolve, reject);
  wheel.watch(patience, ms);
  call.then((answer) => patience.answered(answer), (error: unknown) => patience.failed(error));
});

class Patience<T> extends Ticket {
  constructor(readonly wheel: DeadlineWheel, readonly resolve: (answer: T | undefined) => void, readonly reject: (error: unknown) => void) {
    super();
  }
  answered(answer: T): void {
    this.wheel.cancel(this);
    this.resolve(answer);
  }
  failed(error: unknown): void {
    this.wheel.cancel(this);
    this.reject(error);
  }
  fire(): void {
    this.resolve(undefined);
  }
}

const fallbackOf = ({ riskFallback }: OrderConfig, settlement: SettlementMode): ActedVerdict['decision'] => {
  switch (settlement) {
    case 'prepaid': return riskFallback.prepaid;
    case 'credit': return riskFallback.credit;
    case 'consumer_pay': return riskFallback.consumerPay;
  }
};

const requestOf = ({ orderId, fingerprint, ask, guarded: { byKind, accounts }, lines, total, principal, at }: Assessed): AssessRequest => ({
  $typeName: 'vouchsafe.risk.internal.v1.AssessRequest',
  orderId, fingerprint, channelId: ask.channelId, total: amountOut(total.minor, total.currency), principalId: principal, atMs: BigInt(at), correlation: orderId,
  lines: lines.map(({ productId, quantity, grossMinor }) => ({ $typeName: 'vouchsafe.risk.internal.v1.AssessRequest.Line', productId, quantity, gross: amountOut(grossMinor, total.currency) })),
  buyerToken: byKind.buyer?.token ?? '', deviceToken: byKind.device?.token ?? '', ipToken: byKind.ip?.token ?? '',
  payeeToken: accounts.size === 0 ? '' : accounts.values().next().value!.token, ip: ask.buyer.ip, emailDomain: ask.buyer.email.slice(ask.buyer.email.lastIndexOf('@') + 1),
  challengeProof: ask.challengeProof,
});
const amountOut = (minor: bigint, currency: string): ProtoMoney => ({ $typeName: 'vouchsafe.common.v1.Money', currency, minor, display: '' });

const assessmentOf = ({ verdict, verdictId, challengeToken, reviewTimeoutMs }: AssessResponse): Assessment => ({
  verdict: { decision: decisionOf(verdict), ...(verdictId !== '' && { verdictId }), fallback: false },
  ...(challengeToken !== '' && { challengeToken }),
  ...(reviewTimeoutMs > 0n && { reviewMs: Number(reviewTimeoutMs) }),
});
const decisionOf = (verdict: AssessResponse_Verdict): ActedVerdict['decision'] => {
  switch (verdict) {
    case AssessResponse_Verdict.ALLOW: return 'allow';
    case AssessResponse_Verdict.CHALLENGE: return 'challenge';
    case AssessResponse_Verdict.REVIEW: return 'review';
    // No verdict of a newer risk service is taken for a yes.
    case AssessResponse_Verdict.DENY:
    case AssessResponse_Verdict.UNSPECIFIED: return 'deny';
  }
};
