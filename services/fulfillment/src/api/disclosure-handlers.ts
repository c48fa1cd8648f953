import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { BreakGlassDiscloseRequestSchema, DiscloseSecretsRequestSchema, DiscloseSecretsResponseSchema } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import type { CallContext } from '@vouchsafe/rpc';
import type { Asker, Piece, secretDisclosure } from '../application/disclose-secrets.js';
import type { GrantLine, Grants } from '../application/ports.js';
import { failure, invalid } from './failure.js';

type Response = MessageInitShape<typeof DiscloseSecretsResponseSchema>;
export type DisclosureHandlerOptions = { readonly grants: Grants; readonly disclose: ReturnType<typeof secretDisclosure> };
const REASON_MAX = 200;
/** In sandbox nobody else approves (RULES, Who may); the record says so. */
const NO_APPROVAL = 'none';

/** DiscloseSecrets and BreakGlassDisclose. */
export const disclosureHandlers = ({ grants, disclose }: DisclosureHandlerOptions) => {
  const linesOf = async (orderId: string, lineIds: readonly string[], isVisible: (line: GrantLine) => boolean): Promise<readonly GrantLine[]> => {
    const lines = (await grants.linesOf(orderId, lineIds)).filter(isVisible);
    if (lines.length === 0) throw failure('ORDER_UNKNOWN');
    return lines;
  };
  async function* all(orderId: string, lines: readonly GrantLine[], asker: Asker): AsyncGenerator<Response> {
    let given = 0;
    let refused: string | undefined;
    for (const line of lines) {
      for await (const piece of disclose(orderId, line, asker)) {
        if ('refused' in piece) {
          refused ??= piece.refused;
          // lines that can be given are given; the others are named
          if (lines.length > 1) yield { lineId: line.lineId, productId: line.productId, withheld: [{ code: piece.refused }] };
        } else {
          given++;
          yield messageOf(piece);
        }
      }
    }
    if (given === 0 && refused !== undefined) throw failure(refused);
  }
  return {
    async *discloseSecrets({ orderId, lineIds }: MessageShape<typeof DiscloseSecretsRequestSchema>, context: CallContext): AsyncGenerator<Response> {
      const { caller, trace } = context;
      const mine = (line: GrantLine): boolean => caller.kind !== 'channel' || line.channelId === caller.channelId;
      yield* all(orderId, await linesOf(orderId, lineIds, mine), { principalId: caller.principalId, ...(trace !== undefined && { trace }) });
    },
    async *breakGlassDisclose({ orderId, lineIds, reason }: MessageShape<typeof BreakGlassDiscloseRequestSchema>, context: CallContext): AsyncGenerator<Response> {
      const { caller, trace, approvalId = NO_APPROVAL } = context;
      if (caller.kind !== 'person') throw failure('ORDER_UNKNOWN');
      if (reason.trim() === '' || reason.length > REASON_MAX) throw invalid('/reason', `须填写原因，至多 ${REASON_MAX} 字`, `a reason of at most ${REASON_MAX} characters is needed`);
      const lines = await linesOf(orderId, lineIds, () => true);
      yield* all(orderId, lines, { principalId: caller.principalId, breakGlass: { reason, approvalId }, ...(trace !== undefined && { trace }) });
    },
  };
};

const messageOf = ({ line, disclosureId, secrets, sealed, withheld }: Piece): Response => ({
  lineId: line.lineId, productId: line.productId, disclosureId, jwe: sealed ?? '',
  withheld: withheld.map(({ code, voucherIds }) => ({ code, voucherIds: [...voucherIds] })),
  secrets: secrets.map(({ voucherId, number, code, expiresAtMs }) => ({
    voucherId, number: number.reveal(), code: code.reveal(), ...(expiresAtMs > 0 && { expiresAt: timestampFromMs(expiresAtMs) }),
  })),
});
