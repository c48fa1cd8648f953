import { hash } from 'node:crypto';
import { toJson } from '@bufbuild/protobuf';
import { plusMs } from '@vouchsafe/kernel';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { type CallContext, type Caller, decodeRequest, failureOf, RpcFailure, serviceCaller } from '@vouchsafe/rpc';
import { gatewayErrors } from './errors.js';
import type { Entry } from './method-table.js';
import type { GatewayNamespace } from './ports.js';

export type Approvable = {
  readonly entry: Entry; readonly approvalId: string; readonly requestId: string;
  /** The request message's bytes; undefined for streams of requests. */
  signed(): { readonly body: Uint8Array } | undefined;
  /** The request as message bytes, where `signed` covers other bytes (HTTP). */
  requestBytes?(): Uint8Array | undefined;
};
const ASK_MS = 5_000;

/** Whether a second person has a say: in live only. */
export const needsApproval = ({ access }: Entry, caller: Caller): boolean => access.twoPersons && caller.namespace === 'live';

/**
 * A method where {@link needsApproval} holds goes on only with an approval of exactly this request, which it uses up. Without one
 * it is put up for approval: APPROVAL_REQUIRED names the approval to decide about. A request that only validates needs none.
 */
export const requireApproval = async (asked: Approvable, caller: Caller, namespace: GatewayNamespace): Promise<void> => {
  const { entry, approvalId, requestId } = asked;
  const bytes = asked.requestBytes ? asked.requestBytes() : asked.signed()?.body;
  if (!bytes) throw failureOf(gatewayErrors, 'APPROVAL_REQUIRED', { reason: 'a stream of requests cannot be approved' });
  const message = decodeRequest(entry.method.input, bytes);
  if (Reflect.get(message, 'validateOnly') === true) return;
  const json = canonical(toJson(entry.method.input, message));
  const frozen = { method: entry.name, requestSha256: hash('sha256', json, 'buffer'), requester: caller.principalId };
  const context: CallContext = { caller: serviceCaller('gateway', caller.namespace), requestId, deadline: plusMs(namespace.clock.now(), ASK_MS), locale: 'en' };
  if (approvalId === '') {
    const opened = await namespace.rpc.call(IdentityService.method.openApproval, { ...frozen, requestJson: json }, context);
    throw failureOf(gatewayErrors, 'APPROVAL_REQUIRED', { approvalId: opened.approvalId });
  }
  const { rejection } = await namespace.rpc.call(IdentityService.method.checkApproval, { approvalId, ...frozen }, context);
  if (rejection !== '') throw new RpcFailure(rejection === 'APPROVAL_UNKNOWN' ? 'missing' : 'refused', rejection, { approvalId });
};

/** JSON with its keys in order, so that one request has one hash however it was sent. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
};
