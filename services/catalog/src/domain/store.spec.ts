import { instant } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import type { StoreSpec, TerminalSpec } from './records.js';
import { storeDecider, type StoreEvent } from './store.js';

const at = instant(1_000);
const name = { zh: '店', en: 'shop' };
const shop: StoreSpec = { name, zone: 'Asia/Shanghai', commissionBp: 0, commissionTaxRateBp: 0 };
const till: TerminalSpec = { storeId: 'sto_a', name, scenes: [], suspended: false };
const opened: StoreEvent = { type: 'StoreCreated', id: 'sto_a', version: 1, spec: shop, at };
const installed = (id: string): StoreEvent => ({ type: 'TerminalCreated', id, version: 1, spec: till, at });
const stores = specification(storeDecider);

it('has its tills in its own stream, each with its own versions', () => {
  const command = { type: 'Create', id: 'trm_2', spec: till, at } as const;
  stores.given(opened, installed('trm_1')).when({ type: 'Terminal', command }).then(installed('trm_2'));
  const closed = { ...till, suspended: true };
  stores.given(opened, installed('trm_1'), installed('trm_2')).when({ type: 'Terminal', command: { type: 'Revise', id: 'trm_1', spec: closed, at } })
    .then({ type: 'TerminalRevised', id: 'trm_1', version: 2, spec: closed, at });
  stores.given(opened, installed('trm_1')).when({ type: 'Terminal', command: { type: 'Create', id: 'trm_1', spec: closed, at } }).rejected('ALREADY_EXISTS');
});
it('takes no till before it is there, and never moves one to another store', () => {
  stores.given().when({ type: 'Terminal', command: { type: 'Create', id: 'trm_1', spec: till, at } }).rejected('STORE_UNKNOWN', { id: 'sto_a' });
  stores.given(opened, installed('trm_1')).when({ type: 'Terminal', command: { type: 'Revise', id: 'trm_1', spec: { ...till, storeId: 'sto_b' }, at } }).rejected('FIELD_IMMUTABLE');
});
