import { Secret, type UnitRange } from '@vouchsafe/kernel';
import type { JWK } from 'jose';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { Rpc } from '@vouchsafe/rpc';
import type { Accounts, Grants, Secrets } from '../application/ports.js';
import type { ServiceContext } from './service-context.js';

/** Redemption's grants over Rpc. */
export const grantsClient = (rpc: Rpc, context: ServiceContext): Grants => ({
  linesOf: async (orderId, lineIds) => {
    const { lines } = await rpc.call(GrantsService.method.listOrderGrants, { orderId, lineIds: [...lineIds] }, context());
    return lines.map(({ units, activatedAtMs, lineId, channelId, ownerPrincipal, productId, kind }) =>
      ({ lineId, channelId, ownerPrincipal, productId, kind, units: Number(units), activatedAtMs: Number(activatedAtMs) }));
  },
});

/** Inventory's vault over Rpc. */
export const secretsClient = (rpc: Rpc, context: ServiceContext): Secrets => ({
  open: async ({ disclosureId, orderId, lineId, principalId }, ranges) => {
    const { secrets } = await rpc.call(SecretsService.method.openSecrets, { disclosureId, orderId, lineId, principalId, ranges: ranges.map(toRange) }, context());
    return secrets.map(({ voucherId, number, code, expiresAtMs }) => ({ voucherId, number: new Secret(number), code: new Secret(code), expiresAtMs: Number(expiresAtMs) }));
  },
  voucherIds: async (ranges) => (await rpc.call(SecretsService.method.nameUnits, { units: ranges.flatMap(unitsOf) }, context())).voucherIds,
});
const toRange = ({ batchId, from, to }: UnitRange) => ({ batchId, from: BigInt(from), to: BigInt(to) });
const unitsOf = ({ batchId, from, to }: UnitRange) => Array.from({ length: to - from }, (_, i) => ({ batchId, index: BigInt(from + i) }));

/** The key of access' that a channel's secrets are encrypted to; undefined: the channel may read them in plain; `missing`: it may not, and has no live key. */
export const recipientKey = (rpc: Rpc, context: ServiceContext) => async (channelId: string): Promise<JWK | 'missing' | undefined> => {
  const { encryptedOnly, jwk } = await rpc.call(IdentityService.method.getRecipientKey, { channelId }, context());
  if (jwk !== '') return JSON.parse(jwk) as JWK;
  return encryptedOnly ? 'missing' : undefined;
};

/** Access' personal data over Rpc. */
export const accountsClient = (rpc: Rpc, context: ServiceContext): Accounts => ({
  reveal: async (ref) => {
    const { found, value } = await rpc.call(IdentityService.method.reveal, { ref, purpose: 'top_up' }, context());
    return found ? new Secret(value) : undefined;
  },
});
