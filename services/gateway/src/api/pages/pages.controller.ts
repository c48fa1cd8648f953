import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { RpcFailure } from '@vouchsafe/rpc';
import type { FastifyReply } from 'fastify';
import { DOCS_SECURITY_HEADERS, SECURITY_HEADERS } from './assets.js';
import { SITE, type Site } from './site.js';

const ASSET_CACHE = { 'cache-control': 'public, max-age=300' };

/** What a browser sees: the front page, the API's pages, errors explained. */
@Controller()
export class PagesController {
  constructor(@Inject(SITE) readonly site: Site) {}

  @Get('/')
  home(@Res() reply: FastifyReply): void {
    this.#file(reply, 'index.html', SECURITY_HEADERS);
  }
  @Get('/docs')
  docs(@Res() reply: FastifyReply): void {
    this.#file(reply, 'docs.html', DOCS_SECURITY_HEADERS);
  }
  @Get('/docs/errors')
  errors(@Res() reply: FastifyReply): void {
    void reply.headers({ ...SECURITY_HEADERS, ...ASSET_CACHE, 'content-type': 'text/html; charset=utf-8' }).send(this.site.errorsHtml());
  }
  /** In English, and with `?lang=zh` in Chinese. */
  @Get('/openapi.json')
  contract(@Query('lang') language: unknown, @Res() reply: FastifyReply): void {
    void reply.headers({ ...SECURITY_HEADERS, ...ASSET_CACHE, 'content-type': 'application/json; charset=utf-8' }).send(this.site.openApi(language === 'zh' ? 'zh' : 'en'));
  }
  @Get('/assets/:name')
  asset(@Param('name') name: string, @Res() reply: FastifyReply): void {
    this.#file(reply, name, { ...SECURITY_HEADERS, ...ASSET_CACHE });
  }

  #file(reply: FastifyReply, name: string, headers: Readonly<Record<string, string>>): void {
    const asset = this.site.assets.get(name);
    if (!asset) throw new RpcFailure('missing', 'ROUTE_UNKNOWN');
    void reply.headers({ ...headers, 'content-type': asset.contentType }).send(asset.body);
  }
}
