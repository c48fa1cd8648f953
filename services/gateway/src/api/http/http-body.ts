import type { IncomingMessage } from 'node:http';
import { Fault } from '@vouchsafe/kernel';
import { failureOf, type RpcFailure } from '@vouchsafe/rpc';
import { gatewayErrors } from '../../application/errors.js';

/** A refusal that HTTP has a nearer status for. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  constructor(readonly failure: RpcFailure, readonly status: number, readonly headers: Readonly<Record<string, string>> = {}) {
    super(failure.code);
  }
}

export const tooLarge = (maxBytes: number): HttpRefusal => new HttpRefusal(failureOf(gatewayErrors, 'BODY_TOO_LARGE', { maxBytes: String(maxBytes) }), 413);

/** The whole body, at most `maxBytes`. */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of piecesOf(request)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
};

/** A body piece by piece, as fast as it is taken; a caller that hangs up in the middle ends it with a fault. */
export async function* piecesOf(request: IncomingMessage): AsyncIterable<Buffer> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (cause) {
    throw new Fault('CANCELLED', 'the caller hung up in the middle of the body', true, { cause });
  }
}

/** A body in chunks of about `size` bytes; the last is marked. There is always one, be it empty. */
export async function* chunksOf(pieces: AsyncIterable<Buffer>, size: number): AsyncIterable<{ readonly bytes: Buffer; readonly last: boolean }> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    if (length >= size) {
      yield { bytes: Buffer.concat(held), last: false };
      [held, length] = [[], 0];
    }
    held.push(piece);
    length += piece.length;
  }
  yield { bytes: Buffer.concat(held), last: true };
}

/** Lines of a body, without their ends and without empty ones; a line longer than `maxBytes` is refused. */
export async function* linesOf(pieces: AsyncIterable<Buffer>, maxBytes: number): AsyncIterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end);
      rest = rest.subarray(end + 1);
      if (line.length > 0 && !(line.length === 1 && line[0] === 13)) yield line;
    }
    if (rest.length > maxBytes) throw tooLarge(maxBytes);
  }
  if (rest.length > 0) yield rest;
}
