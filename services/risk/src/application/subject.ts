import type { Subject } from './features.js';

/** A subject of which nothing more is known: what a caller leaves out. */
export const nothingDerived: Pick<Subject, 'network' | 'emailDomain' | 'emailDisposable' | 'listed' | 'challengeMet'> = {
  network: '', emailDomain: '', emailDisposable: false, listed: { block: [], allow: [], watch: [] }, challengeMet: false,
};
