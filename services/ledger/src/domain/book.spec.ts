import { specification } from '@vouchsafe/testing';
import { DAY, NOON, NOVEMBER, theAccount } from '../testing/builders.js';
import { bookDecider, type BookEvent, fenceOf } from './book.js';
import { businessDate, period } from './period.js';

const book = specification(bookDecider);
const opened: BookEvent = { type: 'BookOpened', bookId: 'bok_main', segment: NOVEMBER, shards: 4, zone: 'Asia/Shanghai', cutOffMinute: 0, at: NOON };
const november = period('2026-11');
const begun: BookEvent = { type: 'PeriodCloseBegun', period: november, at: NOON };
const closed: BookEvent = { type: 'BookPeriodClosed', period: november, at: NOON };
const begin = (month = november, today = businessDate('2026-12-01')) => ({ type: 'BeginClose', period: month, today, at: NOON }) as const;
const register = { type: 'RegisterAccount', ...theAccount, segment: NOVEMBER, at: NOON } as const;

it('opens once and keeps the number of its journals', () => {
  book.given().when({ ...opened, type: 'OpenBook' }).then(opened);
  book.given(opened).when({ ...opened, type: 'OpenBook', shards: 9 }).then();
});
it('knows each of its accounts once', () => {
  const registered: BookEvent = { ...register, type: 'AccountRegistered' };
  book.given(opened).when(register).then(registered);
  book.given(opened, registered).when(register).then();
  book.given(opened, registered).when({ ...register, currency: 'USD' }).rejected('ACCOUNT_DIFFERS');
});
it('closes a month that is over', () => {
  book.given(opened).when(begin()).then(begun);
  book.given(opened).when(begin(november, DAY)).rejected('PERIOD_NOT_OVER', { today: DAY });
  book.given(opened, begun).when({ type: 'EndClose', period: november, at: NOON }).then(closed);
});
it('goes on with a close that was interrupted, and with no other beside it', () => {
  book.given(opened, begun).when(begin()).then();
  book.given(opened, begun).when(begin(period('2026-10'))).rejected('CLOSE_RUNNING', { period: '2026-11' });
  book.given(opened, begun, closed).when(begin()).then();
  book.given(opened).when({ type: 'EndClose', period: november, at: NOON }).rejected('PERIOD_NOT_CLOSING');
});
it('has new segments fence off the month that is just being closed', () => {
  const fence = (...events: readonly BookEvent[]) => {
    const state = book.given(...events).state();
    return state.step === 'open' ? fenceOf(state) : undefined;
  };
  expect([fence(opened), fence(opened, begun), fence(opened, begun, closed)]).toEqual([undefined, november, november]);
});
