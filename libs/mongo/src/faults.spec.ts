import { hostsOf } from './faults.js';

describe('hosts of a connection string', () => {
  it.each([
    ['mongodb://a:1,b:2/db?replicaSet=rs0', 'a:1,b:2'],
    ['mongodb://user:secret@a:1/?w=1', 'a:1'],
    ['mongodb://user:sec/ret@a:1/?w=1', 'a:1'],
    ['mongodb://user:sec?ret@a:1', 'a:1'],
    ['mongodb+srv://user:secret@cluster.example.com/x?authMechanismProperties=T:k@e', 'cluster.example.com'],
    ['secret', 'the configured address'],
    ['mongodb://user:sec@ret@@', 'ret'],
  ])('%s: %s', (uri, hosts) => {
    expect(hostsOf(uri)).toBe(hosts);
  });
});
