import { EventEmitter } from 'node:events';
import { MemberAssignment } from 'kafkajs/src/consumer/assignerProtocol';
import ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');
import { mendJoins } from './joins.js';

const passing = Object.assign(new Error('the coordinator is loading'), { name: 'KafkaJSProtocolError', type: 'GROUP_LOAD_IN_PROGRESS', retriable: true });
const lasting = Object.assign(new Error('not authorized'), { name: 'KafkaJSProtocolError', type: 'GROUP_AUTHORIZATION_FAILED', retriable: false });

/** A member whose joining fails with these errors, one after the other, and then succeeds; and how often it was told of its partitions. */
const memberThatFailsWith = (failures: Error[]): { readonly member: ConsumerGroup; readonly joined: () => number } => {
  const coordinator = {
    joinGroup: async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return { generationId: 2, leaderId: 'other', memberId: 'member', members: [], groupProtocol: 'p' };
    },
    syncGroup: async () => ({ memberAssignment: MemberAssignment.encode({ version: 0, assignment: { t: [0] } }) }),
  };
  const emitter = new EventEmitter();
  const joined = { times: 0 };
  emitter.on('consumer.group_join', () => void joined.times++);
  const quiet = { namespace: () => quiet, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const member = new ConsumerGroup({
    retry: { initialRetryTime: 1, maxRetryTime: 2, retries: 3 }, groupId: 'group', topics: ['t'], topicConfigurations: {}, assigners: [], logger: quiet, instrumentationEmitter: emitter,
    cluster: { findGroupCoordinator: async () => coordinator, findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }], committedOffsets: () => ({}) },
  });
  return { member, joined: () => joined.times };
};

describe('joining a group again', () => {
  beforeAll(() => {
    mendJoins();
    mendJoins();
  });

  it('goes on only once it has joined, whatever stood in the way for a moment', async () => {
    const { member, joined } = memberThatFailsWith([passing, passing]);
    await member.joinAndSync();
    expect(joined()).toBe(1);
  });

  it('ends, for whoever runs the member to begin anew, where it cannot, or not soon', async () => {
    const ends = { retriable: false };
    const refused = memberThatFailsWith([lasting]);
    await expect(refused.member.joinAndSync()).rejects.toMatchObject({ ...ends, message: 'not authorized' });
    const late = memberThatFailsWith([passing, passing, passing, passing]);
    await expect(late.member.joinAndSync()).rejects.toMatchObject(ends);
    expect([refused.joined(), late.joined()]).toEqual([0, 0]);
  });
});
