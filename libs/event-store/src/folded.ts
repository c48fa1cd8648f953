import type { Revision } from './port.js';

/** A stream folded: its state, its last revision, how many integration events it has. */
export type Folded<S> = { readonly state: S; readonly revision: Revision; readonly pub: number };
