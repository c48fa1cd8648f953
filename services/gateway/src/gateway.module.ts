import { type DynamicModule, Module } from '@nestjs/common';
import { PagesController } from './api/pages/pages.controller.js';
import { SITE, type Site } from './api/pages/site.js';
import { SystemController } from './api/pages/system.controller.js';

/** Nest at the rim: pages and probes. The contract's own routes are made of its descriptors (HttpEdge, GrpcEdge). */
@Module({})
export class GatewayModule {
  static of(site: Site): DynamicModule {
    return { module: GatewayModule, controllers: [PagesController, SystemController], providers: [{ provide: SITE, useFactory: () => site }] };
  }
}
