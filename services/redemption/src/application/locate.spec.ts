import { DeciderHost, memoryStore } from '@vouchsafe/event-store';
import { seededRandom, simulatedClock } from '@vouchsafe/runtime';
import { grantCodec } from '../adapters/codecs.js';
import { grantDecider } from '../domain/grant.js';
import type { GrantCommand } from '../domain/grant-messages.js';
import { grantOf, T0 } from '../testing/samples.js';
import { locator } from './locate.js';
import type { GrantIndex, NamedUnit } from './ports.js';

const unit = (index: number): NamedUnit => ({ batchId: 'bat_1', index, voucherId: `vch_${index}` });

/** Grants of units 10 to 12, and of 11 once more; the view tells of both and counts how often it is asked. */
const given = async () => {
  const clock = simulatedClock(T0);
  const grants = new DeciderHost({ store: memoryStore(clock), clock, random: seededRandom(1), decider: grantDecider, codec: grantCodec });
  const on = (stream: string, command: GrantCommand) =>
    grants.handle(stream, command, { commandId: `${stream}/${command.type}`, correlation: 'ord_1', principal: 'pri_1', at: T0 });
  const activate = (stream: string, orderId: string, from: number, to: number) =>
    on(stream, { type: 'Activate', ...grantOf({ orderId, unitsInLine: to - from, ranges: [{ batchId: 'bat_1', from, to }] }) });
  await activate('grant-old', 'ord_1', 10, 13);
  let asked = 0;
  const index: Pick<GrantIndex, 'grantsOf' | 'caughtUp'> = {
    grantsOf: async () => {
      asked++;
      return ['grant-new', 'grant-old'].map((stream) => ({ orderId: '', lineId: '1', stream, activatedAt: T0 }));
    },
    caughtUp: async () => true,
  };
  return { on, activate, locate: locator(grants, index as GrantIndex), asked: () => asked };
};

it('a unit is looked for first in the grant in which its neighbour was found', async () => {
  const { locate, asked } = await given();
  expect(await locate(unit(10))).toMatchObject({ stream: 'grant-old', place: 0 });
  expect(await locate(unit(12))).toMatchObject({ stream: 'grant-old', place: 2, unit: { voucherId: 'vch_12' } });
  expect(asked()).toBe(1);
});

it('a unit that was sold again is found in the grant in which it lives, though the other was looked into a moment ago', async () => {
  const { on, activate, locate, asked } = await given();
  await locate(unit(10));
  await on('grant-old', { type: 'Void', refundId: 'rfd_1', places: [1], reason: 'refund', at: T0 });
  await activate('grant-new', 'ord_2', 11, 12);
  expect(await locate(unit(11))).toMatchObject({ stream: 'grant-new', place: 0 });
  expect(asked()).toBe(2);
});

it('a unit in no living grant is found in the one that ended it, once the views were waited for', async () => {
  const { on, locate, asked } = await given();
  await on('grant-old', { type: 'Void', refundId: 'rfd_1', places: [1], reason: 'refund', at: T0 });
  expect(await locate(unit(11))).toMatchObject({ stream: 'grant-old', place: 1 });
  expect(asked()).toBe(2);
});
