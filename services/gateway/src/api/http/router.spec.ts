import { AccessService } from '@vouchsafe/proto/access/v1/access';
import { type Entry, type HttpBinding, methodTable } from '../../application/method-table.js';
import { Router } from './router.js';

const [any] = methodTable([AccessService]);
const entry = (name: string, ...bindings: readonly [verb: string, template: string][]): Entry =>
  ({ ...any!, name, bindings: bindings.map(([verb, template]): HttpBinding => ({ verb, template, body: '' })) });
const router = new Router([
  entry('Place', ['POST', '/v1/orders']), entry('List', ['GET', '/v1/orders']),
  entry('Get', ['GET', '/v1/orders/{order_id}'], ['GET', '/v1/orders:byNumber']), entry('Cancel', ['POST', '/v1/orders/{order_id}:cancel']),
  entry('Batch', ['POST', '/v1/orders:batchPlace']), entry('Export', ['GET', '/v1/books/{book_id}/journal:export']), entry('Update', ['PATCH', '/v1/books/{book.id}']),
  entry('Newest', ['GET', '/v1/orders/newest']), entry('File', ['GET', '/v1/files/{path=**}']),
]);
const found = (method: string, path: string): unknown => {
  const match = router.find(method, path);
  return match && 'route' in match ? [match.route.entry.name, match.params] : match;
};

it.each([
  ['POST', '/v1/orders', ['Place', {}]], ['GET', '/v1/orders', ['List', {}]], ['GET', '/v1/orders/ord_1', ['Get', { order_id: 'ord_1' }]],
  ['GET', '/v1/orders:byNumber', ['Get', {}]], ['POST', '/v1/orders/ord_1:cancel', ['Cancel', { order_id: 'ord_1' }]], ['POST', '/v1/orders:batchPlace', ['Batch', {}]],
  ['GET', '/v1/books/b/journal:export', ['Export', { book_id: 'b' }]], ['PATCH', '/v1/books/b%2F1', ['Update', { 'book.id': 'b/1' }]],
  ['GET', '/v1/orders/newest', ['Newest', {}]], ['GET', '/v1/orders/%E4%B8%AD', ['Get', { order_id: '中' }]], ['GET', '/v1/files/a/b.txt', ['File', { path: 'a/b.txt' }]],
  ['GET', '/v1/orders/a:b', ['Get', { order_id: 'a:b' }]],
  ['DELETE', '/v1/orders', { allowed: ['POST', 'GET'] }], ['GET', '/v1/orders/ord_1:cancel', ['Get', { order_id: 'ord_1:cancel' }]], ['PUT', '/v1/orders/ord_1:cancel', { allowed: ['POST'] }],
  ['GET', '/v1/orders/', undefined], ['GET', '/v1', undefined], ['GET', '/', undefined], ['GET', '/v1/orders/a/b', undefined], ['GET', '/v1//orders', undefined],
])('%s %s', (method, path, expected) => expect(found(method, path)).toEqual(expected));

it('two methods cannot claim one route', () => {
  expect(() => new Router([entry('A', ['GET', '/v1/x/{id}']), entry('B', ['GET', '/v1/x/{name}'])])).toThrow('is claimed by A and B');
});
