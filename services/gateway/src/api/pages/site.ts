import type { Language } from '../openapi/words.js';
import type { Asset } from './assets.js';

/** What the pages and probes show; made once, handed to Nest's controllers. */
export type Site = {
  readonly assets: ReadonlyMap<string, Asset>;
  readonly openApi: (language: Language) => string;
  readonly errorsHtml: () => string;
  readonly notReady: () => readonly string[];
  readonly metrics: (accept: string | undefined) => { readonly type: string; readonly body: string };
};
export const SITE = Symbol('site');
