import { hash } from 'node:crypto';
import { type Instant, instant } from '@vouchsafe/kernel';
import { type RecordSignalRequest, type RecordSignalResponse, RecordSignalResponseSchema, SignalKind } from '@vouchsafe/proto/risk/v1/risk';
import { create } from '@bufbuild/protobuf';
import { type CallContext, failureOf, invalidField } from '@vouchsafe/rpc';
import { uuidv5 } from '@vouchsafe/runtime';
import { type Personal, type ProtectionPorts, tokensOf } from '../application/protection.js';
import type { Signals } from '../application/signals.js';
import type { SignalKind as Kind } from '../domain/signal.js';
import type { Parties } from '../domain/verdict.js';
import { parseAddress } from '../application/ip/address.js';
import { riskErrors } from './errors.js';

const KIND: Readonly<Record<SignalKind, Kind | undefined>> = {
  [SignalKind.UNSPECIFIED]: undefined, [SignalKind.SIGN_UP]: 'sign_up', [SignalKind.LOGIN]: 'login', [SignalKind.LOGIN_FAILED]: 'login_failed',
  [SignalKind.PAYMENT_FAILED]: 'payment_failed', [SignalKind.PROFILE_CHANGED]: 'profile_changed', [SignalKind.CHALLENGE_PASSED]: 'challenge_passed',
  [SignalKind.CHALLENGE_FAILED]: 'challenge_failed',
};
const TEN_YEARS_MS = 3653 * 86_400_000;
/** Clocks of channels may run ahead by this. */
const AHEAD_MS = 60_000;
const VALUE_MAX = 256;

export type SignalPorts = ProtectionPorts & { readonly signals: Signals };

/** Records a signal of the caller's channel. */
export const recordSignal = async (ports: SignalPorts, request: RecordSignalRequest, context: CallContext): Promise<RecordSignalResponse> => {
  const { caller, trace } = context;
  const now = ports.clock.now();
  const channelId = channelOf(context, request.channelId);
  const kind = KIND[request.kind] ?? missing('/kind');
  const occurredAt = occurredOf(request, now);
  const values = personalOf(request);
  const signalId = request.requestId === '' ? ports.ids.uuid() : uuidv5(`signal/${caller.principalId}/${request.requestId}`);
  if (request.validateOnly) return create(RecordSignalResponseSchema, { signalId });
  const tokens = await tokensOf(ports, values, channelId, trace);
  const parties: Parties = Object.fromEntries(values.map(({ kind: party }, i) => [party, tokens[i]!]));
  const said = JSON.stringify([kind, channelId, request.occurredAt ? occurredAt : 0, parties]);
  const print = hash('sha256', said, 'base64url').slice(0, 16);
  const envelope = { commandId: uuidv5(`risk/signal/${signalId}`), correlation: signalId, principal: caller.principalId, at: now, ...(trace !== undefined && { trace }) };
  const recorded = await ports.signals.record(signalId, { kind, channelId, parties, occurredAt, print }, envelope);
  if (!recorded) throw failureOf(riskErrors, 'REQUEST_ID_REUSED');
  return create(RecordSignalResponseSchema, { signalId });
};

/** A channel speaks for itself; staff name the channel. */
export const channelOf = ({ caller }: CallContext, named: string): string => {
  const channelId = caller.channelId ?? (caller.kind === 'channel' ? '' : named);
  if (channelId === '') throw failureOf(riskErrors, 'CHANNEL_REQUIRED', {}, '/channelId');
  return channelId;
};

const missing = (pointer: string): never => {
  throw invalidField(pointer, 'FIELD_REQUIRED', '必填', 'is required');
};

const occurredOf = ({ occurredAt }: RecordSignalRequest, now: Instant): Instant => {
  if (!occurredAt) return now;
  const ms = Number(occurredAt.seconds) * 1000 + Math.trunc(occurredAt.nanos / 1e6);
  if (ms > now + AHEAD_MS || ms < now - TEN_YEARS_MS) throw invalidField('/occurredAt', 'OUT_OF_RANGE', '应在过去十年内，不得在将来', 'lies in the future or more than ten years ago');
  return instant(ms);
};

const personalOf = ({ buyerRef, deviceId, ip, payee }: RecordSignalRequest): readonly Personal[] => {
  const given: readonly (Personal & { readonly pointer: string })[] = [
    { kind: 'buyer', value: buyerRef, pointer: '/buyerRef' }, { kind: 'device', value: deviceId, pointer: '/deviceId' },
    { kind: 'ip', value: ip, pointer: '/ip' }, { kind: 'payee', value: payee, pointer: '/payee' },
  ];
  const present = given.filter(({ value }) => value !== '');
  if (present.length === 0) missing('/buyerRef');
  for (const { value, pointer } of present) if (value.length > VALUE_MAX) throw invalidField(pointer, 'OUT_OF_RANGE', `最多 ${VALUE_MAX} 字`, `takes at most ${VALUE_MAX} characters`);
  if (ip !== '' && !parseAddress(ip)) throw invalidField('/ip', 'IP_INVALID', '不是 IP 地址', 'is no IP address');
  return present.map(({ kind, value }) => ({ kind, value }));
};
