// Starts what the real suites share: one Kafka, one mongod. Those that cannot be had are told to the suites with the reason.
const { mkdirSync, writeFileSync } = require('node:fs');
const { containerEventStore, startKafka, startMongo } = require('../dist/index.js');

const wanted = [
  { port: 'Bus', variable: 'VOUCHSAFE_TEST_KAFKA', start: () => startKafka({ brokers: 1 }), address: ({ endpoints }) => endpoints.join(',') },
  { port: 'ReadStore, Vault', variable: 'VOUCHSAFE_TEST_MONGO', start: () => startMongo({ members: 1 }), address: ({ uri }) => uri },
];

module.exports = async () => {
  const told = await Promise.all(wanted.map(async ({ port, variable, start, address }) => {
    try {
      const servers = await start();
      (globalThis.vouchsafeTestServers ??= []).push(servers);
      process.env[variable] = address(servers);
      process.env[`${variable}_IS`] = servers.what;
      return `${port}: ${servers.what}`;
    } catch (error) {
      process.env[`${variable}_ABSENT`] = error.message;
      return `${port}: not to be had (${error.message})`;
    }
  }));
  told.push(await eventStore());
  mkdirSync('.cache', { recursive: true });
  writeFileSync('.cache/real-servers.json', JSON.stringify(told));
};

/** No EventStoreDB can be started from package registries (libs/esdb-door/README.md): a configured one, else one in a container, else none. */
const eventStore = async () => {
  if (process.env.VOUCHSAFE_TEST_EVENTSTORE) return 'EventStore: the server that VOUCHSAFE_TEST_EVENTSTORE names';
  const servers = await containerEventStore();
  if (!servers) return 'EventStore: our door, asked by the official client (VOUCHSAFE_TEST_EVENTSTORE names no server, and no container engine has its image)';
  (globalThis.vouchsafeTestServers ??= []).push(servers);
  process.env.VOUCHSAFE_TEST_EVENTSTORE = `esdb://${servers.endpoints[0]}?tls=false`;
  return `EventStore: ${servers.what}`;
};
