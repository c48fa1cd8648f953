import type { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { Handlers } from '@vouchsafe/rpc';
import type { disclosureCheck } from '../application/disclosure.js';
import { grantStream } from '@vouchsafe/contracts';
import type { GrantHost, GrantIndex, GrantLine } from '../application/ports.js';

/** An order delivered a moment ago must be known. */
const CATCH_UP_MS = 2_000;

/** What other services ask about grants. */
export const grantsHandlers = (verify: ReturnType<typeof disclosureCheck>, index: GrantIndex, grants: GrantHost): Handlers<typeof GrantsService> => ({
  verifyDisclosure: async ({ disclosureId, orderId, lineId, principalId, ranges }) => ({
    recorded: await verify({
      disclosureId, orderId, lineId, principalId,
      ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from: Number(from), to: Number(to) })),
    }),
  }),
  listOrderGrants: async ({ orderId, lineIds }) => {
    const lines = [...(lineIds.length > 0 ? await namedLines(grants, orderId, lineIds) : await allLines(index, orderId))];
    return {
      lines: lines.sort((a, b) => (a.lineId < b.lineId ? -1 : 1)).map(({ activatedAt, units, ...line }) => ({ ...line, units: BigInt(units), activatedAtMs: BigInt(activatedAt) })),
    };
  },
  findGrants: async ({ batchId, index: unit }) => ({ grants: (await index.grantsOf({ batchId, index: Number(unit) })).map(({ orderId, lineId, stream }) => ({ orderId, lineId, stream })) }),
});

const allLines = async (index: GrantIndex, orderId: string): Promise<readonly GrantLine[]> => {
  await index.caughtUp(CATCH_UP_MS);
  return index.linesOf(orderId);
};
/** Lines that the caller knows by name are read from their first chunks: no view to wait for. */
const namedLines = async (grants: GrantHost, orderId: string, lineIds: readonly string[]): Promise<readonly GrantLine[]> => {
  const chunks = await Promise.all([...new Set(lineIds)].map(async (lineId) => (await grants.load(grantStream(orderId, lineId, 0))).state.grant));
  return chunks.flatMap((grant) =>
    grant ? [{ lineId: grant.lineId, channelId: grant.channelId, ownerPrincipal: grant.ownerPrincipal, productId: grant.productId, kind: grant.kind, units: grant.unitsInLine, activatedAt: grant.at }] : []);
};
