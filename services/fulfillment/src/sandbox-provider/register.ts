import type { Clock } from '@vouchsafe/runtime';
import { type Behaviour, behaviourOf } from './behaviour.js';

export type Submission = { readonly requestNumber: string; readonly account: string; readonly quantity: number; readonly face: { readonly minor: string; readonly currency: string } };
/** What goes back over HTTP: a JSON answer, a bare status, a body that is no JSON, or nothing ever. */
export type Reply = { readonly status: number; readonly body: object | string } | 'hang' | 'drop';
type Job = {
  readonly behaviour: Behaviour; readonly quantity: number; readonly face: Submission['face']; readonly takenAt: number;
  /** How often it reached the account; more than once is what must never happen. */
  carriedOut: number; asked: number;
};

/** What the provider charges, per thousand of the face value. */
const CHARGE_PER_MILLE = 980n;
/** Numbers remembered; the oldest are forgotten. */
const JOBS_MAX = 100_000;
const UNAVAILABLE_TIMES = 2;
const UNKNOWN_TIMES = 3;

/** The provider's books: every request number it saw. */
export const register = (clock: Clock, lateMs: number) => {
  const jobs = new Map<string, Job>();
  const unseen = new Map<string, number>();
  const take = (submission: Submission, behaviour: Behaviour): Job => {
    const job = { behaviour, quantity: submission.quantity, face: submission.face, takenAt: clock.now(), carriedOut: 0, asked: 0 };
    if (jobs.size >= JOBS_MAX) jobs.delete(jobs.keys().next().value!);
    jobs.set(submission.requestNumber, job);
    return job;
  };
  /** How often a submission was lost before this one. */
  const lost = (requestNumber: string): number => {
    const before = unseen.get(requestNumber) ?? 0;
    unseen.set(requestNumber, before + 1);
    return before;
  };
  const submit = (submission: Submission): Reply => {
    const behaviour = behaviourOf(submission.account);
    const { requestNumber } = submission;
    const known = jobs.get(requestNumber);
    if (known && behaviour !== 'twice') return stateOf(known, clock.now() - known.takenAt >= lateMs);
    if (behaviour === 'lose-first' && lost(requestNumber) === 0) return 'drop';
    if (behaviour === 'unavailable' && lost(requestNumber) < UNAVAILABLE_TIMES) return { status: 503, body: { error: 'later' } };
    const job = known ?? take(submission, behaviour);
    if (!NEVER_ARRIVES.includes(behaviour)) job.carriedOut++;
    return FIRST_REPLIES[behaviour] ?? stateOf(job, false);
  };
  return {
    submit,
    query: (requestNumber: string): Reply => {
      const job = jobs.get(requestNumber);
      return job ? stateOf(job, clock.now() - job.takenAt >= lateMs) : { status: 404, body: { error: 'unknown request number' } };
    },
    /** How often a number reached an account. */
    carriedOut: (requestNumber: string): number => jobs.get(requestNumber)?.carriedOut ?? 0,
  };
};
export type Register = ReturnType<typeof register>;

const NEVER_ARRIVES: readonly Behaviour[] = ['fail', 'late-failure', 'unknown'];
/** What a submission that was taken is answered, where it is not the job's state. */
const FIRST_REPLIES: Readonly<Partial<Record<Behaviour, Reply>>> = {
  hang: 'hang', twice: { status: 500, body: { error: 'internal' } }, garble: { status: 200, body: '<html>OK</html>' },
};
/** What the books say of a job. */
const stateOf = (job: Job, late: boolean): Reply => {
  switch (job.behaviour) {
    case 'fail': return answer({ status: 'failed', reason: 'ACCOUNT_CLOSED' });
    case 'unknown': return answer({ status: 'unknown', reason: 'SYSTEM_BUSY' });
    case 'late': return answer(late ? succeeded(job, job.quantity) : { status: 'processing' });
    case 'late-failure': return answer(late ? { status: 'failed', reason: 'NO_STOCK' } : { status: 'processing' });
    case 'partly': return answer({ ...succeeded(job, Math.floor(job.quantity / 2)), status: 'partial' });
    case 'unknown-then-known': return answer(job.asked++ <= UNKNOWN_TIMES ? { status: 'unknown', reason: 'SYSTEM_BUSY' } : succeeded(job, job.quantity));
    default: return answer(succeeded(job, job.quantity));
  }
};
const answer = (body: object): Reply => ({ status: 200, body });
const succeeded = ({ face }: Job, delivered: number) => ({
  status: 'succeeded', delivered, charged: { minor: String((BigInt(face.minor) * BigInt(delivered) * CHARGE_PER_MILLE) / 1_000n), currency: face.currency },
});
