import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { displayMoney } from '@vouchsafe/kernel';
import { ProductKind } from '@vouchsafe/proto/common/v1/types';
import {
  type DeliverySchema, DeliveryState, type GetDeliveryRequestSchema, type ListEscalationsRequestSchema, type ListEscalationsResponseSchema,
  type ResolveTopUpRequestSchema, ResolveTopUpRequest_Outcome,
} from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import type { Collection, Doc } from '@vouchsafe/read-store';
import { type Caller, type CallContext, pageScope, printPageToken, readPageToken } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import type { GrantLine, Grants, TopUpHost } from '../application/ports.js';
import { deliveryStream } from '../application/start-top-up.js';
import { type TopUp, topUpDecider } from '../domain/top-up.js';
import type { Outcome } from '../domain/top-up-messages.js';
import type { DeliveryDoc } from '../projections/deliveries.js';
import { failure, invalid } from './failure.js';

type Delivery = MessageInitShape<typeof DeliverySchema>;
export type DeliveryHandlerOptions = {
  readonly topUps: TopUpHost; readonly grants: Grants; readonly deliveries: Collection<DeliveryDoc>; readonly caughtUp: () => Promise<void>; readonly clock: Clock;
};
const PAGE_DEFAULT = 50;
const PAGE_MAX = 100;
const EVIDENCE_MAX = 1_000;
const KINDS: Readonly<Record<string, ProductKind>> = { code: ProductKind.CODE, link: ProductKind.LINK, own_voucher: ProductKind.OWN_VOUCHER };
const STATES = { succeeded: DeliveryState.SUCCEEDED, failed: DeliveryState.FAILED, partial: DeliveryState.PARTIAL };
const OUTCOMES: Readonly<Partial<Record<ResolveTopUpRequest_Outcome, Outcome>>> = {
  [ResolveTopUpRequest_Outcome.SUCCEEDED]: 'succeeded', [ResolveTopUpRequest_Outcome.FAILED]: 'failed', [ResolveTopUpRequest_Outcome.PARTIAL]: 'partial',
};

/** GetDelivery, ListEscalations and ResolveTopUp. */
export const deliveryHandlers = ({ topUps, grants, deliveries, caughtUp, clock }: DeliveryHandlerOptions) => {
  const found = async (deliveryId: string): Promise<string> => {
    const doc = (await deliveries.get(deliveryId)) ?? (await caughtUp(), await deliveries.get(deliveryId));
    if (!doc) throw failure('DELIVERY_UNKNOWN');
    return doc.value.stream;
  };
  return {
    async getDelivery({ orderId, lineId }: MessageShape<typeof GetDeliveryRequestSchema>, { caller }: CallContext): Promise<Delivery> {
      const { state } = await topUps.load(deliveryStream(orderId, lineId));
      if (state && sees(caller, state.terms.channelId)) return topUpMessage(state, caller.kind !== 'channel');
      const [line] = state ? [] : await grants.linesOf(orderId, [lineId]);
      if (!line || !sees(caller, line.channelId)) throw failure('DELIVERY_UNKNOWN');
      return grantMessage(orderId, line);
    },
    async listEscalations(request: MessageShape<typeof ListEscalationsRequestSchema>, { caller }: CallContext): Promise<MessageInitShape<typeof ListEscalationsResponseSchema>> {
      await caughtUp();
      const limit = Math.min(request.pageSize > 0 ? request.pageSize : PAGE_DEFAULT, PAGE_MAX);
      const direction = request.orderBy === 'escalated_at desc' ? 'desc' : 'asc';
      const where = { escalated: true, ...providerIn(request.filter) };
      const scope = pageScope(request, caller);
      const after = readPageToken(scope, request.pageToken, 'number', 'text');
      const docs = await deliveries.find({ where, orderBy: [['escalatedAt', direction]], limit: limit + 1, ...(after && { after: { values: [after[0]], id: after[1] } }) });
      const page = docs.slice(0, limit);
      const escalations = await Promise.all(page.map(async (doc) => escalationMessage(doc, await topUps.load(doc.value.stream))));
      const last = page[page.length - 1];
      return { escalations, nextPageToken: docs.length > limit && last ? printPageToken(scope, [last.value.escalatedAt, last.id]) : '' };
    },
    async resolveTopUp(request: MessageShape<typeof ResolveTopUpRequestSchema>, context: CallContext): Promise<Delivery> {
      const outcome = OUTCOMES[request.outcome];
      if (!outcome) throw invalid('/outcome', '须为成功、失败或部分成功', 'must be succeeded, failed or partial');
      const evidence = request.evidence.trim();
      if (evidence === '' || evidence.length > EVIDENCE_MAX) throw invalid('/evidence', `须填写凭据，至多 ${EVIDENCE_MAX} 字`, `evidence of at most ${EVIDENCE_MAX} characters is needed`);
      const stream = await found(request.deliveryId);
      const before = await topUps.load(stream);
      if (request.etag !== '' && request.etag !== etagOf(before.revision)) throw failure('ETAG_DIFFERS');
      const at = clock.now();
      const command = { type: 'Resolve', outcome, delivered: Number(request.deliveredQuantity), evidence, principalId: context.caller.principalId, at } as const;
      const { terms } = before.state!;
      const envelope = { commandId: context.requestId, correlation: terms.orderId, principal: context.caller.principalId, at };
      if (request.validateOnly) {
        const dry = topUpDecider.decide(command, before.state);
        if (!dry.ok) throw failure(dry.code, dry.details);
        return topUpMessage(dry.events.reduce(topUpDecider.evolve, before.state)!, true);
      }
      const done = await topUps.handle(stream, command, envelope);
      if (!done.ok) throw failure(done.code, done.details);
      return topUpMessage(done.state!, true);
    },
  };
};

const sees = (caller: Caller, channelId: string): boolean => caller.kind !== 'channel' || caller.channelId === channelId;
const etagOf = (revision: number): string => `"${revision}"`;
const providerIn = (filter: string): { readonly provider?: string } => {
  if (filter.trim() === '') return {};
  const provider = /^\s*provider\s*=\s*"([a-z0-9-]{1,40})"\s*$/.exec(filter)?.[1];
  if (provider === undefined) throw invalid('/filter', '形如 provider="名称"', 'looks like provider="name"');
  return { provider };
};

const topUpMessage = ({ terms, startedAt, attempts, escalated, end }: TopUp, withAttempts: boolean): Delivery => ({
  deliveryId: terms.deliveryId, orderId: terms.orderId, lineId: terms.lineId, channelId: terms.channelId, productId: terms.productId, kind: ProductKind.TOP_UP,
  state: end ? STATES[end.outcome] : escalated && withAttempts ? DeliveryState.ESCALATED : DeliveryState.PENDING,
  quantity: BigInt(terms.quantity), deliveredQuantity: BigInt(end?.delivered ?? 0), reason: end?.reason ?? '', startedAt: timestampFromMs(startedAt),
  ...(end && { endedAt: timestampFromMs(end.at) }),
  attempts: withAttempts
    ? attempts.map(({ provider, requestNumber, state, at, reference, reason }) =>
        ({ provider, requestNumber, state, at: timestampFromMs(at), providerReference: reference ?? '', reason: reason ?? '' }))
    : [],
});
const grantMessage = (orderId: string, { lineId, channelId, productId, kind, units, activatedAtMs }: GrantLine): Delivery => ({
  deliveryId: '', orderId, lineId, channelId, productId, kind: KINDS[kind] ?? ProductKind.UNSPECIFIED, state: DeliveryState.SUCCEEDED,
  quantity: BigInt(units), deliveredQuantity: BigInt(units), startedAt: timestampFromMs(activatedAtMs), endedAt: timestampFromMs(activatedAtMs),
});
const escalationMessage = ({ id, value }: Doc<DeliveryDoc>, { state, revision }: { readonly state: TopUp | undefined; readonly revision: number }) => {
  const terms = state!.terms;
  return {
    deliveryId: id, orderId: terms.orderId, lineId: terms.lineId, channelId: terms.channelId, productId: terms.productId, provider: value.provider,
    requestNumber: value.requestNumber, quantity: BigInt(terms.quantity), face: { ...terms.face, display: displayMoney(terms.face) }, reason: value.reason,
    escalatedAt: timestampFromMs(value.escalatedAt), etag: etagOf(revision),
  };
};
