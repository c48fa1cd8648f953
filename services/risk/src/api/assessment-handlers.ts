import { type AssessRequest, type AssessResponse, AssessResponse_Verdict, type RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import { instant, invariant } from '@vouchsafe/kernel';
import type { Handlers } from '@vouchsafe/rpc';
import type { Assessor, Given, OrderAsk } from '../application/assessor.js';
import { challengeTokenOf, isFingerprint } from '../application/names.js';
import type { VerdictWord } from '../domain/rules.js';
import type { Parties } from '../domain/verdict.js';

const WORD: Readonly<Record<VerdictWord, AssessResponse_Verdict>> = {
  allow: AssessResponse_Verdict.ALLOW, challenge: AssessResponse_Verdict.CHALLENGE, review: AssessResponse_Verdict.REVIEW, deny: AssessResponse_Verdict.DENY,
};

/** What order asks before it places anything. */
export const assessmentHandlers = (assessor: Assessor, reviewTimeoutMs: number): Handlers<typeof RiskAssessmentService> => ({
  assess: (request, { trace }) => {
    const given = assessor.assess(askOf(request, trace));
    return given instanceof Promise ? given.then((later) => answer(later, reviewTimeoutMs)) : answer(given, reviewTimeoutMs);
  },
});

/** Parties by token; an empty one is left out. */
export const partiesOf = ({ buyerToken, deviceToken, payeeToken, ipToken }: Pick<AssessRequest, 'buyerToken' | 'deviceToken' | 'payeeToken' | 'ipToken'>): Parties => {
  const parties: { -readonly [K in keyof Parties]: Parties[K] } = {};
  if (buyerToken !== '') parties.buyer = buyerToken;
  if (deviceToken !== '') parties.device = deviceToken;
  if (payeeToken !== '') parties.payee = payeeToken;
  if (ipToken !== '') parties.ip = ipToken;
  return parties;
};

const askOf = (request: AssessRequest, trace: string | undefined): OrderAsk => {
  const { orderId, fingerprint, channelId, lines, total, ip, emailDomain, atMs, principalId, challengeProof, correlation } = request;
  invariant(orderId !== '' && isFingerprint(fingerprint) && total, 'order asks with its id, a fingerprint and a total');
  return {
    orderId, fingerprint, channelId, lines: lines.map(({ productId, quantity }) => ({ productId, quantity })), total: { minor: total.minor, currency: total.currency },
    parties: partiesOf(request), at: instant(Number(atMs)), ip, emailDomain, challengeProof, principal: principalId, correlation, ...(trace !== undefined && { trace }),
  };
};

const answer = ({ verdictId, verdict }: Given, reviewTimeoutMs: number): AssessResponse => ({
  $typeName: 'vouchsafe.risk.internal.v1.AssessResponse',
  verdict: WORD[verdict.verdict], verdictId, ruleSetVersion: verdict.ruleSet, reasons: [...verdict.reasons],
  challengeToken: verdict.verdict === 'challenge' ? challengeTokenOf(verdictId) : '',
  reviewTimeoutMs: verdict.verdict === 'review' ? BigInt(reviewTimeoutMs) : 0n,
});
