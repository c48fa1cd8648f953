import type { MessageInitShape } from '@bufbuild/protobuf';
import { type AssessOrderRequest, type RiskService, type VerdictSchema } from '@vouchsafe/proto/risk/v1/risk';
import { failureOf, type Handlers, invalidField } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import type { Assessor } from '../application/assessor.js';
import type { Program } from '../application/rule-program.js';
import type { RuleSetShelf } from '../application/rulesets.js';
import type { Verdict } from '../domain/verdict.js';
import { partiesOf } from './assessment-handlers.js';
import { riskErrors } from './errors.js';
import { featuresTo, reasonsTo, shown, timestamp, verdictTo } from './printing.js';

export type VerdictPorts = { readonly assessor: Assessor; readonly shelf: RuleSetShelf; readonly clock: Clock };
const LINES_MAX = 100;

export const verdictHandlers = (ports: VerdictPorts): Pick<Handlers<typeof RiskService>, 'assessOrder' | 'getVerdict'> => ({
  assessOrder: async (request) => {
    const program = request.useDraft ? await draftOf(ports) : ports.shelf.program();
    const { outcome } = ports.assessor.judge(askOf(request, ports.clock), false, program);
    return {
      verdict: verdictTo(outcome.verdict), ruleSetVersion: program.version, reasons: reasonsTo(outcome.reasons, program.rules),
      shadow: reasonsTo(outcome.shadow, program.rules), features: featuresTo(outcome.features),
    };
  },
  getVerdict: async ({ id }) => {
    const verdict = await ports.assessor.find(id);
    if (!verdict) throw failureOf(riskErrors, 'NOT_FOUND');
    return verdictMessage(id, verdict, ports.shelf.program());
  },
});

const draftOf = async ({ shelf }: VerdictPorts): Promise<Program> => {
  const { draft } = (await shelf.state()).state;
  const compiled = draft && shelf.tryOut(draft.rules, 'draft');
  if (!compiled?.ok) throw failureOf(riskErrors, 'NO_DRAFT');
  return compiled.program;
};

const askOf = (request: AssessOrderRequest, clock: Clock) => {
  const { channelId, lines, total, ip, emailDomain } = request;
  if (channelId === '') throw failureOf(riskErrors, 'CHANNEL_REQUIRED', {}, '/channelId');
  if (!total) throw invalidField('/total', 'FIELD_REQUIRED', '必填', 'is required');
  if (lines.length > LINES_MAX) throw invalidField('/lines', 'OUT_OF_RANGE', `最多 ${LINES_MAX} 行`, `takes at most ${LINES_MAX} lines`);
  return {
    channelId, lines: lines.map(({ productId, quantity }) => ({ productId, quantity })), total: { minor: total.minor, currency: total.currency },
    parties: partiesOf(request), at: clock.now(), ip, emailDomain, challengeProof: '',
  };
};

const verdictMessage = (id: string, verdict: Verdict, { rules }: Program): MessageInitShape<typeof VerdictSchema> => ({
  id, orderId: verdict.orderId, channelId: verdict.channelId, verdict: verdictTo(verdict.verdict), reasons: reasonsTo(verdict.reasons, rules),
  shadow: reasonsTo(verdict.shadow, rules), ruleSetVersion: verdict.ruleSet, features: featuresTo(verdict.features),
  buyerToken: verdict.parties.buyer ?? '', deviceToken: verdict.parties.device ?? '', payeeToken: verdict.parties.payee ?? '', ipToken: verdict.parties.ip ?? '',
  total: shown(verdict.total), challengeMet: verdict.challengeMet, givenAt: timestamp(verdict.at), reviewUntil: timestamp(verdict.reviewUntil),
});
