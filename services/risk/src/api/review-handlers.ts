import type { MessageInitShape } from '@bufbuild/protobuf';
import { money } from '@vouchsafe/kernel';
import { type ListReviewsRequest, Review_State, type ReviewSchema, type RiskService } from '@vouchsafe/proto/risk/v1/risk';
import type { Collection, Condition, ProjectionRunner } from '@vouchsafe/read-store';
import { type CallContext, type Caller, failureOf, type Handlers, invalidField, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import { type Clock, type Ids, uuidv5 } from '@vouchsafe/runtime';
import type { Reviews } from '../application/reviews.js';
import type { Rule } from '../domain/rules.js';
import type { Review } from '../domain/review.js';
import type { ReviewDoc } from '../projections/review-list.js';
import { riskErrors } from './errors.js';
import { pageSizeOf, reasonsTo, shown, timestamp, verdictFrom, verdictTo } from './printing.js';

export type ReviewPorts = {
  readonly reviews: Reviews; readonly collection: Collection<ReviewDoc>; readonly runner: ProjectionRunner; readonly clock: Clock; readonly ids: Ids; readonly rules: () => readonly Rule[];
};

export const reviewHandlers = (ports: ReviewPorts): Pick<Handlers<typeof RiskService>, 'listReviews' | 'resolveReview'> => ({
  listReviews: async (request, { caller }) => {
    await ports.runner.caughtUp();
    return list(ports, request, caller);
  },
  resolveReview: async ({ verdictId, decision, note, requestId, validateOnly }, context) => {
    const word = verdictFrom(decision);
    if (word !== 'allow' && word !== 'deny') throw invalidField('/decision', 'FIELD_REQUIRED', '应为通过或拒绝', 'is ALLOW or DENY');
    const open = await ports.reviews.find(verdictId);
    if (!open) throw failureOf(riskErrors, 'NOT_FOUND');
    const at = ports.clock.now();
    if (validateOnly) return reviewOf(ports, verdictId, open, at);
    const resolve = { decision: word, by: context.caller.principalId, note: note.slice(0, 1_000), at };
    const answer = await ports.reviews.resolve(verdictId, resolve, envelopeOf(ports, verdictId, open.opened.orderId, requestId, context));
    if (!answer.ok) throw failureOf(riskErrors, answer.code === 'REVIEW_UNKNOWN' ? 'NOT_FOUND' : answer.code, answer.details);
    return reviewOf(ports, verdictId, answer.state, at);
  },
});

const envelopeOf = ({ clock, ids }: ReviewPorts, verdictId: string, orderId: string, requestId: string, { caller, trace }: CallContext) => ({
  commandId: requestId === '' ? ids.uuid() : uuidv5(`risk/${caller.principalId}/resolve/${verdictId}/${requestId}`),
  correlation: orderId, principal: caller.principalId, at: clock.now(), ...(trace !== undefined && { trace }),
});

const list = async (ports: ReviewPorts, request: ListReviewsRequest, caller: Caller) => {
  const now = ports.clock.now();
  const limit = pageSizeOf(request.pageSize);
  const where = whereOf(request.filter, now);
  const scope = pageScope(request, caller);
  const after = readPageToken(scope, request.pageToken, 'number', 'text');
  const docs = await ports.collection.find({
    where, orderBy: [['until', 'asc']], limit: limit + 1, ...(after && { after: { values: [after[0]], id: after[1] } }),
  });
  const page = docs.slice(0, limit);
  const last = docs.length > limit ? page.at(-1) : undefined;
  return {
    reviews: page.map(({ id, value }) => docOf(ports, id, value, now)),
    nextPageToken: last ? printPageToken(scope, [last.value.until, last.id]) : '',
  };
};

const whereOf = (filter: string, now: number): Readonly<Record<string, Condition>> => {
  const where: Record<string, Condition> = { resolved: false, until: { gte: now } };
  for (const part of filter.split(/\s+AND\s+/).filter((one) => one.trim() !== '')) {
    const match = /^\s*(state|channel_id|channelId)\s*=\s*"([A-Za-z0-9_.~-]{1,100})"\s*$/.exec(part);
    if (match?.[1]?.startsWith('channel')) where['channelId'] = match[2]!;
    else if (match?.[2] === 'STATE_RESOLVED') {
      where['resolved'] = true;
      delete where['until'];
    } else if (match?.[2] === 'STATE_TIMED_OUT') where['until'] = { lt: now };
    else if (match?.[2] !== 'STATE_OPEN') throw failureOf(riskErrors, 'FILTER_INVALID', {}, '/filter');
  }
  return where;
};

const stateOf = (resolved: boolean, until: number, now: number): Review_State => (resolved ? Review_State.RESOLVED : now > until ? Review_State.TIMED_OUT : Review_State.OPEN);

const docOf = ({ rules }: ReviewPorts, verdictId: string, doc: ReviewDoc, now: number): MessageInitShape<typeof ReviewSchema> => ({
  verdictId, orderId: doc.orderId, channelId: doc.channelId, total: shown(money(BigInt(doc.totalMinor), doc.currency)), reasons: reasonsTo(doc.reasons, rules()),
  openedAt: timestamp(doc.openedAt), until: timestamp(doc.until), state: stateOf(doc.resolved, doc.until, now),
  decision: doc.decision === '' ? 0 : verdictTo(doc.decision), resolvedBy: doc.resolvedBy, note: doc.note,
});

const reviewOf = (ports: ReviewPorts, verdictId: string, review: Review, now: number): MessageInitShape<typeof ReviewSchema> => {
  const { opened, resolution } = review!;
  const doc: ReviewDoc = {
    orderId: opened.orderId, channelId: opened.channelId, totalMinor: opened.total.minor.toString(), currency: opened.total.currency, reasons: opened.reasons,
    openedAt: opened.at, until: opened.until, resolved: resolution !== undefined, decision: resolution?.decision ?? '', resolvedBy: resolution?.by ?? '', note: resolution?.note ?? '',
  };
  return docOf(ports, verdictId, doc, now);
};
