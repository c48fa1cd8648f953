import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import type { Rpc } from '@vouchsafe/rpc';
import type { Codes } from '../application/ports.js';
import type { ServiceContext } from './service-context.js';

/** Inventory's vault over Rpc. */
export const codesClient = (rpc: Rpc, context: ServiceContext): Codes => {
  const { findByCode, nameUnits, resolveVoucherIds } = SecretsService.method;
  return {
    unitOf: (code) =>
      rpc.call(findByCode, { code }, context()).then(({ found, unit, voucherId }) => (found && unit ? { batchId: unit.batchId, index: Number(unit.index), voucherId } : undefined)),
    voucherIds: async (units) => (await rpc.call(nameUnits, { units: units.map(({ batchId, index }) => ({ batchId, index: BigInt(index) })) }, context())).voucherIds,
    unitNamed: async (voucherId) => {
      const [resolved] = (await rpc.call(resolveVoucherIds, { voucherIds: [voucherId] }, context())).units;
      return resolved?.found && resolved.unit ? { batchId: resolved.unit.batchId, index: Number(resolved.unit.index), voucherId } : undefined;
    },
  };
};
