import type { Position, RecordPage } from '@vouchsafe/event-store';
import { type DescribedError, type Fault, faultOf } from '@vouchsafe/kernel';
import type { ToldLine } from '@vouchsafe/runtime';
import type { Halted, Lag } from '../runner-port.js';
import type { SealedRequest } from '../sqlite/sealed-rows.js';

/** What the thread is started with. `projections`: a script that exports them by runner. */
export type ViewsWorkerData = { readonly file: string; readonly projections?: string };

/** What the thread of the views is asked to do. Of a runner: `head` is the log's, which the thread cannot see by itself. */
export type Work =
  | SealedRequest
  | { readonly kind: 'start' | 'caughtUp' | 'check'; readonly runner: string; readonly head: Position }
  | { readonly kind: 'waitFor'; readonly runner: string; readonly head: Position; readonly position: Position; readonly timeoutMs: number }
  | { readonly kind: 'rebuild'; readonly runner: string; readonly collection: string }
  | { readonly kind: 'stop'; readonly runner: string }
  | { readonly kind: 'close' };

/** To the thread: work, whose answer names `number`; or the answer to its own {@link FromThread} `read`. */
export type ToThread =
  | { readonly kind: 'work'; readonly number: number; readonly work: Work }
  | { readonly kind: 'records'; readonly number: number; readonly page?: RecordPage; readonly error?: DescribedError };

/** How a runner fares: what its owner is told without asking. */
export type RunnerReport = {
  /** Up to here nothing of the runner's is unapplied. */
  readonly seen: Position;
  readonly lag: Lag;
  readonly applied: number;
  readonly unknown: number;
  readonly failing?: string;
  readonly halted: readonly Halted[];
};

export type Answer = { readonly number: number; readonly result?: unknown; readonly error?: DescribedError };
/** From the thread: answers; a question for durable records; and what happened there. */
export type FromThread =
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'read'; readonly number: number; readonly after: Position; readonly maxBytes: number }
  | { readonly kind: 'report'; readonly runner: string; readonly report: RunnerReport }
  /** Documents of these collections were written; these names are served by other tables than before. */
  | { readonly kind: 'changed'; readonly documents: readonly string[]; readonly tables: readonly string[] }
  | ({ readonly kind: 'log' } & ToldLine);

/** The error again; what was no Fault there is Fault `READ_STORE_FAILED` here. */
export const errorOf = (error: DescribedError): Fault => faultOf(error, 'READ_STORE_FAILED');
