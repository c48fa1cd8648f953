import { Fault } from '@vouchsafe/kernel';
import type { Admin } from 'kafkajs';

const MARK = '@';

/** What a client calls itself: its service, and the deployment it is of, so that members of a group can be told apart. */
export const clientIdOf = (service: string, deployment: string | undefined): string => `vouchsafe-${service}${deployment === undefined ? '' : `${MARK}${deployment}`}`;

/**
 * Members of our groups that are of another deployment: half of the commands of each would go to the other. Those who do not say
 * which they are of are taken for ours. Fault `DEPLOYMENT_FOREIGN`, or undefined where there is none.
 */
export const strangersIn = async (admin: Admin, groupIds: readonly string[], deployment: string): Promise<Fault | undefined> => {
  if (groupIds.length === 0) return undefined;
  const { groups } = await admin.describeGroups([...groupIds]);
  for (const { groupId, members } of groups) {
    const stranger = members.map(({ clientId }) => clientId).find((clientId) => clientId.includes(MARK) && !clientId.endsWith(`${MARK}${deployment}`));
    if (stranger === undefined) continue;
    return new Fault('DEPLOYMENT_FOREIGN', `the consumer group ${groupId} has a member of another deployment, ${stranger}: two deployments must not share topics. Give one of them topics of its own (VOUCHSAFE_KAFKA_PREFIX), or end the other`);
  }
  return undefined;
};
