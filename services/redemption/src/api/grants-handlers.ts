import type { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { Handlers } from '@vouchsafe/rpc';
import type { disclosureCheck } from '../application/disclosure.js';
import type { GrantIndex } from '../application/ports.js';

/** An order delivered a moment ago must be known. */
const CATCH_UP_MS = 2_000;

/** What other services ask about grants. */
export const grantsHandlers = (verify: ReturnType<typeof disclosureCheck>, index: GrantIndex): Handlers<typeof GrantsService> => ({
  verifyDisclosure: async ({ disclosureId, orderId, lineId, principalId, ranges }) => ({
    recorded: await verify({
      disclosureId, orderId, lineId, principalId,
      ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from: Number(from), to: Number(to) })),
    }),
  }),
  listOrderGrants: async ({ orderId, lineIds }) => {
    await index.caughtUp(CATCH_UP_MS);
    const lines = (await index.linesOf(orderId)).filter(({ lineId }) => lineIds.length === 0 || lineIds.includes(lineId));
    return {
      lines: lines.sort((a, b) => (a.lineId < b.lineId ? -1 : 1)).map(({ activatedAt, units, ...line }) => ({ ...line, units: BigInt(units), activatedAtMs: BigInt(activatedAt) })),
    };
  },
  findGrants: async ({ batchId, index: unit }) => ({ grants: (await index.grantsOf({ batchId, index: Number(unit) })).map(({ orderId, lineId, stream }) => ({ orderId, lineId, stream })) }),
});
