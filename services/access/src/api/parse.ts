import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { type Instant, instant, isId } from '@vouchsafe/kernel';
import type { CreateCredentialRequest, CreatePrincipalRequest, EraseSubjectRequest } from '@vouchsafe/proto/access/v1/access';
import { type CallContext, type FieldError, invalidField, RpcFailure } from '@vouchsafe/rpc';
import { PERSONAL_KINDS, PERSONAL_VALUE_MAX, type PersonalKind } from '@vouchsafe/vault';
import type { Asked } from '../application/commands.js';
import type { Whom } from '../application/erasures.js';
import type { NewCredential, NewPrincipal } from '../application/principals.js';
import { ed25519Key } from '../application/signature.js';
import { parseNetwork } from '../domain/network.js';
import { kindFromProto, proofFromProto } from './messages.js';
import { accessErrors } from './errors.js';
import { failureOf } from '@vouchsafe/rpc';

const NAME_MAX = 100;
const TEXT_MAX = 200;
const ROLES_MAX = 20;
const NETWORKS_MAX = 50;
const RATE_MAX = 100_000;
const DAY_MS = 86_400_000;
const DEFAULT_LIFE_MS = 365 * DAY_MS;
const REQUEST_ID = /^[A-Za-z0-9._-]{0,64}$/;

/** Collects wrong fields, so that a caller learns of all at once. */
class Fields {
  readonly wrong: FieldError[] = [];
  check(holds: boolean, pointer: string, zh: string, en: string, code = 'FIELD_INVALID'): void {
    if (!holds) this.wrong.push({ pointer, code, zh, en });
  }
  done(): void {
    if (this.wrong.length > 0) throw new RpcFailure('invalid', this.wrong[0]!.code, {}, { fields: this.wrong });
  }
}

export const askedBy = ({ caller, trace }: CallContext, requestId: string): Asked => {
  if (!REQUEST_ID.test(requestId)) throw invalidField('/requestId', 'FIELD_INVALID', '最多 64 个字符 [A-Za-z0-9._-]', 'At most 64 of [A-Za-z0-9._-].');
  return { principal: caller.principalId, requestId, ...(trace !== undefined && { trace }) };
};

export const freeText = (pointer: string, text: string): string => {
  if (text.length > TEXT_MAX) throw invalidField(pointer, 'FIELD_INVALID', `最多 ${TEXT_MAX} 个字符`, `At most ${TEXT_MAX} characters.`);
  return text;
};

export const parsePrincipal = ({ kind, displayName, channelId, terminalId, roles }: CreatePrincipalRequest): NewPrincipal => {
  const fields = new Fields();
  const known = kindFromProto(kind);
  fields.check(known !== undefined, '/kind', '须为已定义的主体种类', 'Must be a kind of principal.', 'FIELD_REQUIRED');
  fields.check(displayName.trim().length > 0 && displayName.length <= NAME_MAX, '/displayName', `1 至 ${NAME_MAX} 个字符`, `1 to ${NAME_MAX} characters.`);
  fields.check((known === 'channel') === isId('channel', channelId) && (known === 'channel' || channelId === ''), '/channelId', '仅渠道主体须填，形如 chn_…', 'Required for channels, and only for them: chn_….');
  fields.check((known === 'terminal') === isId('terminal', terminalId) && (known === 'terminal' || terminalId === ''), '/terminalId', '仅终端主体须填，形如 trm_…', 'Required for terminals, and only for them: trm_….');
  fields.check(roles.length <= ROLES_MAX, '/roles', `最多 ${ROLES_MAX} 个`, `At most ${ROLES_MAX}.`);
  fields.done();
  return { kind: known!, displayName: displayName.trim(), roles, ...(channelId !== '' && { channelId }), ...(terminalId !== '' && { terminalId }) };
};

export const parseCredential = (request: CreateCredentialRequest, now: Instant): NewCredential => {
  const { publicKey, ipAllow, ratePerSecond, concurrency, label } = request;
  const fields = new Fields();
  const kind = proofFromProto(request.kind);
  fields.check(kind !== undefined, '/kind', '须为 BEARER、HMAC 或 ED25519', 'Must be BEARER, HMAC or ED25519.', 'FIELD_REQUIRED');
  fields.check(kind === 'ed25519' ? isEd25519(publicKey) : publicKey.length === 0, '/publicKey', '仅 ED25519 须填 32 字节公钥', 'For ED25519 and only there: its 32 bytes.');
  fields.check(ipAllow.length <= NETWORKS_MAX, '/ipAllow', `最多 ${NETWORKS_MAX} 个`, `At most ${NETWORKS_MAX}.`);
  ipAllow.slice(0, NETWORKS_MAX).forEach((text, i) => fields.check(parseNetwork(text) !== undefined, `/ipAllow/${i}`, '须为 CIDR，如 203.0.113.0/24', 'Must be CIDR, e.g. 203.0.113.0/24.'));
  fields.check(Number.isFinite(ratePerSecond) && ratePerSecond >= 0 && ratePerSecond <= RATE_MAX, '/ratePerSecond', `0 至 ${RATE_MAX}`, `0 to ${RATE_MAX}.`);
  fields.check(concurrency >= 0 && concurrency <= RATE_MAX, '/concurrency', `0 至 ${RATE_MAX}`, `0 to ${RATE_MAX}.`);
  fields.check(label.length <= NAME_MAX, '/label', `最多 ${NAME_MAX} 个字符`, `At most ${NAME_MAX} characters.`);
  fields.done();
  const expiresAt = request.expireTime ? instantOf('/expireTime', request.expireTime) : instant(now + DEFAULT_LIFE_MS);
  return { kind: kind!, expiresAt, ipAllow, ratePerSecond, concurrency, label, ...(kind === 'ed25519' && { publicKey }) };
};
const isEd25519 = (raw: Uint8Array): boolean => {
  try {
    return raw.length === 32 && ed25519Key(raw).asymmetricKeyType === 'ed25519';
  } catch {
    return false; // node says so by throwing
  }
};

const instantOf = (pointer: string, time: Timestamp): Instant => {
  try {
    return instant(Math.trunc(timestampMs(time)));
  } catch {
    throw invalidField(pointer, 'FIELD_INVALID', '时间超出范围', 'This time is out of range.');
  }
};

export const parseWhom = ({ subject, value }: EraseSubjectRequest): Whom => {
  if ((subject === '') === (value === undefined)) throw failureOf(accessErrors, 'SUBJECT_INVALID', {}, '/subject');
  if (!value) {
    if (!isId('subject', subject)) throw invalidField('/subject', 'FIELD_INVALID', '形如 sub_…', 'Must be sub_….');
    return { ref: subject };
  }
  const fields = new Fields();
  fields.check(isPersonalKind(value.kind), '/value/kind', `须为 ${PERSONAL_KINDS.join('、')}`, `One of ${PERSONAL_KINDS.join(', ')}.`);
  fields.check(value.value !== '' && value.value.length <= PERSONAL_VALUE_MAX, '/value/value', `1 至 ${PERSONAL_VALUE_MAX} 个字符`, `1 to ${PERSONAL_VALUE_MAX} characters.`);
  fields.done();
  return { value: { kind: value.kind as PersonalKind, value: value.value }, channelId: value.channelId };
};
export const isPersonalKind = (text: string): text is PersonalKind => PERSONAL_KINDS.some((kind) => kind === text);
