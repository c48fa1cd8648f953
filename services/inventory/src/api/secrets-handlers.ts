import { isFault } from '@vouchsafe/kernel';
import type { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import type { Handlers } from '@vouchsafe/rpc';
import type { Secrets } from '../application/secrets.js';
import { failureOf } from './errors.js';

/** A destroyed key is no fault that passes: whoever asks is told that it is for ever. */
const unlessErased = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw isFault(error) && error.code === 'KEY_ERASED' ? failureOf('KEY_ERASED') : error;
  }
};

/** The vault of codes for fulfillment and redemption; never reachable through the gateway. */
export const secretsHandlers = (secrets: Secrets): Handlers<typeof SecretsService> => ({
  async openSecrets({ disclosureId, orderId, lineId, principalId, ranges }) {
    const plain = ranges.map(({ batchId, from, to }) => ({ batchId, from: Number(from), to: Number(to) }));
    const opened = await unlessErased(secrets.open({ disclosureId, orderId, lineId, principalId, ranges: plain }));
    if (!opened) throw failureOf('DISCLOSURE_NOT_RECORDED');
    return {
      secrets: opened.map(({ batchId, index, code, number, expiresAt, voucherId }) => ({
        unit: { batchId, index: BigInt(index) }, voucherId, number: number ?? '', code, expiresAtMs: BigInt(expiresAt ?? 0),
      })),
    };
  },
  findByCode({ code }) {
    return secrets.find(code).then((found) => {
      if (!found) return { found: false };
      const { unit, voucherId, productId, uses } = found;
      return { found: true, unit: { batchId: unit.batchId, index: BigInt(unit.index) }, voucherId, productId, uses };
    });
  },
  async nameUnits({ units }) {
    return { voucherIds: [...secrets.name(units.map(({ batchId, index }) => ({ batchId, index: Number(index) })))] };
  },
  async resolveVoucherIds({ voucherIds }) {
    return {
      units: (await secrets.resolve(voucherIds)).map((unit) => (unit ? { found: true, unit: { batchId: unit.batchId, index: BigInt(unit.index) } } : { found: false })),
    };
  },
});
