import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { RpcFailure } from '@vouchsafe/rpc';
import type { FastifyReply } from 'fastify';
import { SITE, type Site } from './site.js';

const NO_STORE = { 'cache-control': 'no-store' };

/** What orchestrators and scrapers ask. */
@Controller()
export class SystemController {
  constructor(@Inject(SITE) readonly site: Site) {}

  /** The process lives. */
  @Get('/healthz')
  healthz(@Res() reply: FastifyReply): void {
    void reply.headers(NO_STORE).send({ status: 'ok' });
  }
  /** It may be given traffic; else 503 with the reasons. */
  @Get('/readyz')
  readyz(@Res() reply: FastifyReply): void {
    const reasons = this.site.notReady();
    if (reasons.length > 0) throw new RpcFailure('unavailable', 'NOT_READY', { reasons: reasons.join('; ') }, { retryAfterMs: 1_000 });
    void reply.headers(NO_STORE).send({ status: 'ready' });
  }
  @Get('/metrics')
  metrics(@Headers('accept') accept: string | undefined, @Res() reply: FastifyReply): void {
    const { type, body } = this.site.metrics(accept);
    void reply.headers({ ...NO_STORE, 'content-type': type }).send(body);
  }
}
