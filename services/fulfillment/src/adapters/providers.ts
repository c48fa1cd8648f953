import type { Providers } from '../application/ports.js';
import type { ProviderConfig } from '../config.js';
import { httpProvider } from './http-provider.js';

/** All configured providers. A route follows `next` until its end or a name it had before. */
export const configuredProviders = (configs: readonly ProviderConfig[]): Providers => {
  const byName = new Map(configs.map((config) => [config.name, { config, provider: httpProvider(config) }]));
  return {
    get: (name) => byName.get(name)?.provider,
    routeOf: (name) => {
      const route: string[] = [];
      for (let at = byName.get(name); at && !route.includes(at.config.name); at = byName.get(at.config.next ?? '')) route.push(at.config.name);
      return route.length > 0 ? route : undefined;
    },
  };
};
