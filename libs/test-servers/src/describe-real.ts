import { hasEngine } from './containers.js';
import { whyNoLocalKafka, whyNoLocalMongo } from './tools.js';

export type ServerKind = 'Kafka' | 'MongoDB';

const REQUIRED = 'VOUCHSAFE_REQUIRE_SERVERS';
const endpointOf: Record<ServerKind, string> = { Kafka: 'VOUCHSAFE_TEST_KAFKA', MongoDB: 'VOUCHSAFE_TEST_MONGO' };
const whyNotLocal: Record<ServerKind, () => string | undefined> = { Kafka: whyNoLocalKafka, MongoDB: whyNoLocalMongo };
/** The run that tried to start a server tells its specs here why it could not. */
const absentOf: Record<ServerKind, string> = { Kafka: 'VOUCHSAFE_TEST_KAFKA_ABSENT', MongoDB: 'VOUCHSAFE_TEST_MONGO_ABSENT' };

/** Why a server is not to be had; undefined where it is, or may be tried. */
export const whyAbsent = (kind: ServerKind): string | undefined => {
  if (process.env[endpointOf[kind]]) return undefined;
  return process.env[absentOf[kind]] ?? (hasEngine() ? undefined : whyNotLocal[kind]());
};

/**
 * A suite that needs real servers. Where one is not to be had, the suite is reported as skipped, by name and reason; with
 * `VOUCHSAFE_REQUIRE_SERVERS=1` it fails instead.
 */
export const describeReal = (needs: readonly ServerKind[], name: string, body: () => void): void => {
  const reasons = needs.flatMap((kind) => {
    const reason = whyAbsent(kind);
    return reason === undefined ? [] : [`${kind}: ${reason}`];
  });
  if (reasons.length === 0) describe(name, body);
  else if (process.env[REQUIRED] === '1') {
    describe(name, () => {
      it(`needs ${needs.join(' and ')}`, () => {
        throw new Error(reasons.join('; '));
      });
    });
  } else describe.skip(`${name} (skipped: ${reasons.join('; ')})`, body);
};
