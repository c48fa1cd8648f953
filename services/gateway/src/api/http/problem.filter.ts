import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { failureOf, type Refusal, refusalOf } from '@vouchsafe/rpc';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { gatewayErrors } from '../../application/errors.js';
import { explain } from '../../application/refusals.js';
import { factsOf, sendProblem } from './http-call.js';
import type { HttpEdgeParts } from './http-edge.js';

/** Makes one error shape of whatever Nest or fastify says no with. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(readonly parts: Pick<HttpEdgeParts, 'book' | 'log' | 'door'>) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const facts = factsOf(request, () => this.parts.door.nextRequestId());
    const status = statusOf(error);
    const refusal = (status !== undefined && clientError(status)) || explain(error, this.parts, { requestId: facts.requestId, method: request.url.split('?')[0]! });
    void sendProblem(reply, refusal, facts, this.parts.book, { ...(status !== undefined && refusal.kind !== 'internal' && { status }) });
  }
}

/** Status that Nest (HttpException) or fastify (`statusCode`) gives its errors. */
const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  const code = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof code === 'number' ? code : undefined;
};
const clientError = (status: number): Refusal | undefined => {
  switch (status) {
    case 404: return refusalOf(failureOf(gatewayErrors, 'ROUTE_UNKNOWN'));
    case 405: return refusalOf(failureOf(gatewayErrors, 'METHOD_NOT_ALLOWED'));
    case 413: return refusalOf(failureOf(gatewayErrors, 'BODY_TOO_LARGE'));
    case 415: return refusalOf(failureOf(gatewayErrors, 'MEDIA_TYPE_UNSUPPORTED'));
    default: return status >= 400 && status < 500 ? { kind: 'invalid', code: 'REQUEST_MALFORMED', details: {}, fields: [] } : undefined;
  }
};
