import type { Publisher } from '@vouchsafe/bus';
import type { Lag, ProjectionRunner } from '@vouchsafe/read-store';
import type { ServiceModule } from '@vouchsafe/runtime';

/** A module that shows what of it follows the log: its views and its publisher, while they run. */
export type FollowingModule = ServiceModule & {
  readonly projections?: () => ProjectionRunner | undefined;
  readonly publisher?: () => Publisher | undefined;
};

/** What follows the log for a service, as operation sees it. */
export type LogFollower = {
  readonly service: string;
  readonly part: 'views' | 'publisher';
  lag(): Lag;
  /** Why it does not get on, if it does not. */
  failing(): unknown;
  /** Documents that stand still since their projection failed. */
  halted(): number;
  /** For a watchdog. */
  check(): void;
  /** Settles once everything durable at the time of the call is handled. */
  caughtUp(): Promise<void>;
};

/** All that follows the log at the moment, in the order of the modules. */
export const followersOf = (modules: readonly FollowingModule[]): readonly LogFollower[] =>
  modules.flatMap(({ name, projections, publisher }) => {
    const [runner, publishing] = [projections?.(), publisher?.()];
    return [...(runner ? [ofViews(name, runner)] : []), ...(publishing ? [ofPublisher(name, publishing)] : [])];
  });

const ofViews = (service: string, runner: ProjectionRunner): LogFollower => ({
  service, part: 'views',
  lag: () => runner.lag(), failing: () => runner.stats().failing, halted: () => runner.halted().length, check: () => runner.check(), caughtUp: () => runner.caughtUp(),
});
const ofPublisher = (service: string, publisher: Publisher): LogFollower => ({
  service, part: 'publisher',
  lag: () => publisher.lag(), failing: () => publisher.failing, halted: () => 0, check: () => publisher.check(), caughtUp: () => publisher.caughtUp(),
});
