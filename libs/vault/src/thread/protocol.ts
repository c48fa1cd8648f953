import type { DescribedError, Instant } from '@vouchsafe/kernel';
import type { ToldLine } from '@vouchsafe/runtime';
import type { Entry } from '../personal-pages.js';
import type { ShelfCounts, SubjectKeys, ToKeep } from '../personal-shelf.js';

/** What the thread of the personal vault is started with. Key objects pass between threads by reference; their bytes do not. */
export type PersonalWorkerData = { readonly file: string; readonly keys: SubjectKeys };

/** What the thread is asked to do; see `PersonalShelf`. */
export type ShelfJob =
  | { readonly kind: 'keep'; readonly values: readonly ToKeep[] }
  | { readonly kind: 'keepApart'; readonly entry: Entry }
  | { readonly kind: 'erase'; readonly subject: string }
  | { readonly kind: 'claim'; readonly scope: string; readonly nonce: string; readonly until: Instant; readonly now: Instant }
  | { readonly kind: 'rewrap'; readonly kek: string; readonly keys: readonly { readonly id: number; readonly wrapped: Uint8Array }[] }
  | { readonly kind: 'copyTo'; readonly file: string }
  | { readonly kind: 'close' };

/** To the thread: the jobs of one turn. They are answered in any order, each by its number: the first one's, counted on. */
export type ToShelf = { readonly first: number; readonly jobs: readonly ShelfJob[] };
export type ShelfAnswer = { readonly number: number; readonly result?: unknown; readonly error?: DescribedError };
export type FromShelf = { readonly kind: 'answers'; readonly answers: readonly ShelfAnswer[]; readonly counts: ShelfCounts } | ({ readonly kind: 'log' } & ToldLine);
