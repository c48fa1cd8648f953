import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Instant, isId } from '@vouchsafe/kernel';
import type { AccessService, RegisterEncryptionKeyRequest } from '@vouchsafe/proto/access/v1/access';
import { EncryptionKey_State, type EncryptionKeySchema } from '@vouchsafe/proto/access/v1/resources';
import { type CallContext, failureOf, type Handlers, invalidField } from '@vouchsafe/rpc';
import type { Encryption } from '../application/encryption.js';
import { algorithmOf, type KeyProblem, type ParsedKey, parseRecipientKey } from '../application/recipient-key.js';
import type { EncryptionCommand, EncryptionKeys, RecipientKey } from '../domain/encryption-keys.js';
import { accessErrors } from './errors.js';
import { askedBy, freeText } from './parse.js';

export type EncryptionParts = { readonly encryption: Encryption; readonly now: () => Instant };
type Message = MessageInitShape<typeof EncryptionKeySchema>;
const LABEL_MAX = 100;

/** RegisterEncryptionKey, ListEncryptionKeys, RevokeEncryptionKey. */
export const encryptionHandlers = ({ encryption, now }: EncryptionParts): Pick<Handlers<typeof AccessService>, 'registerEncryptionKey' | 'listEncryptionKeys' | 'revokeEncryptionKey'> => {
  const changed = async (context: CallContext, { requestId, validateOnly }: { requestId: string; validateOnly: boolean }, channelId: string, command: EncryptionCommand): Promise<Message> => {
    const result = await encryption.change(askedBy(context, requestId), channelId, command, validateOnly);
    if (!result.ok) throw failureOf(accessErrors, result.code, result.details);
    return messageOf(channelId, result.keys.keys.find(({ keyId }) => keyId === command.keyId)!);
  };
  return {
    registerEncryptionKey: async (request, context) => {
      const channelId = channelOf(request.channelId, context);
      const { keyId, jwk } = parsed(request);
      if (request.label.length > LABEL_MAX) throw invalidField('/label', 'FIELD_INVALID', `最多 ${LABEL_MAX} 个字符`, `At most ${LABEL_MAX} characters.`);
      return changed(context, request, channelId, { type: 'RegisterKey', keyId, jwk, label: request.label, self: context.caller.kind === 'channel', at: now() });
    },
    listEncryptionKeys: async (request, context) => {
      const channelId = channelOf(request.channelId, context);
      const { keys, encryptedOnly }: EncryptionKeys = await encryption.of(channelId);
      return { keys: keys.map((key) => messageOf(channelId, key)).reverse(), encryptedOnly };
    },
    revokeEncryptionKey: async (request, context) => {
      const { keyId, plainAgain } = request;
      return changed(context, request, channelOf(request.channelId, context), { type: 'RevokeKey', keyId, reason: freeText('/reason', request.reason), plainAgain, at: now() });
    },
  };
};

/** A channel speaks of itself; what it says of another is answered as of one that is not there. */
const channelOf = (named: string, { caller }: CallContext): string => {
  if (caller.kind === 'channel') {
    if (named !== '' && named !== caller.channelId) throw failureOf(accessErrors, 'ENCRYPTION_CHANNEL_UNKNOWN');
    return caller.channelId!;
  }
  if (!isId('channel', named)) throw invalidField('/channelId', 'FIELD_INVALID', '形如 chn_…', 'Must be chn_….');
  return named;
};

const PROBLEMS: Readonly<Record<KeyProblem, readonly [zh: string, en: string]>> = {
  NOT_READABLE: ['须为 JWK（JSON）或 PEM 公钥，至多 8 KiB', 'Must be a public key as JWK (JSON) or PEM, of at most 8 KiB.'],
  PRIVATE: ['含有私钥：请只登记公钥，并更换此密钥', 'It holds a private key: register the public one only, and make a new pair.'],
  KIND: ['须为 RSA、EC（P-256、P-384、P-521）或 X25519', 'Must be RSA, EC (P-256, P-384, P-521) or X25519.'],
  SIZE: ['RSA 须为 2048 至 8192 位', 'RSA keys need 2048 to 8192 bits.'],
  USE: ['JWK 的 use 须为 enc', 'The use of the JWK must be enc.'],
};
const parsed = ({ key }: RegisterEncryptionKeyRequest): ParsedKey => {
  if (key.case === undefined) throw invalidField('/jwk', 'FIELD_REQUIRED', '须填写 jwk 或 pem', 'Either jwk or pem is needed.');
  const read = parseRecipientKey({ kind: key.case, text: key.value });
  if (typeof read !== 'string') return read;
  const [zh, en] = PROBLEMS[read];
  throw invalidField(`/${key.case}`, 'ENCRYPTION_KEY_INVALID', zh, en);
};

const messageOf = (channelId: string, { keyId, jwk, label, registeredAt, revokedAt }: RecipientKey): Message => ({
  keyId, channelId, jwk, label, algorithm: algorithmOf(jwk), state: revokedAt === undefined ? EncryptionKey_State.LIVE : EncryptionKey_State.REVOKED,
  createTime: timestampFromMs(registeredAt), ...(revokedAt !== undefined && { revokeTime: timestampFromMs(revokedAt) }),
});
