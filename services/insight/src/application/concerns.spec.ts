import { mentions } from './concerns.js';

const unit = { batchId: 'bat_1', index: 7 };

it('finds a unit inside a range, however deep it lies', () => {
  expect(mentions({ lines: [{ ranges: [{ batchId: 'bat_1', from: 0, to: 8 }] }] }, unit)).toBe('this');
});
it('tells other units from no unit at all', () => {
  expect(mentions({ ranges: [{ batchId: 'bat_1', from: 8, to: 9 }, { batchId: 'bat_2', from: 0, to: 9 }] }, unit)).toBe('other');
  expect(mentions({ reservationId: 'rsv_1', quantity: 1 }, unit)).toBe('none');
  expect(mentions({ batchId: 'bat_1', quantity: 100 }, unit)).toBe('none');
});
it('takes the unit itself over others beside it', () => {
  expect(mentions([{ batchId: 'bat_1', index: 6 }, { batchId: 'bat_1', index: 7 }], unit)).toBe('this');
});
it('reads ranges as they are stored in rows, and takes no other row for one', () => {
  expect(mentions({ ranges: [['bat_1', 0, 8]] }, unit)).toBe('this');
  expect(mentions({ ranges: [['bat_1', 8, 9, 3]] }, unit)).toBe('other');
  expect(mentions({ rows: [['acc_1', 0, 8], ['bat_1', '0', '8']] }, unit)).toBe('none');
});
