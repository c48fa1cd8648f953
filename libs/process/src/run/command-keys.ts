import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { CommandKeys } from '@vouchsafe/bus-kafka';
import { keyIdOf, type RpcKeys } from '@vouchsafe/rpc-grpc';

/** Signs and checks commands with the keys that tokens between services use; they follow the files, so both rotate together. */
export const commandKeys = (service: string, keys: Pick<RpcKeys, 'signing' | 'trusted'>): CommandKeys => {
  let known: { readonly key: KeyObject; readonly id: string } | undefined;
  const own = (): { readonly key: KeyObject; readonly id: string } => {
    const key = keys.signing();
    return known?.key === key ? known : (known = { key, id: keyIdOf(createPublicKey(key)) });
  };
  return {
    service,
    sign: (bytes) => {
      const { key, id } = own();
      return { signer: service, keyId: id, signature: sign(null, bytes, key).toString('base64') };
    },
    verify: (bytes, { signer, keyId, signature }) => {
      const trusted = keys.trusted().get(keyId);
      return trusted?.issuer === signer && verify(null, bytes, trusted.key, Buffer.from(signature, 'base64'));
    },
  };
};
