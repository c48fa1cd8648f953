// Compares files/arrows.yaml of the chart (of which the network policies are made) with what the services' code calls and hears.
// A call counts where a service's own code names a method of another's RPC service.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const walk = (folder, wanted) => readdirSync(path.join(root, folder), { recursive: true }).filter((file) => wanted.test(file)).map((file) => path.join(root, folder, file));
const isOwn = (file) => !/\.spec\.ts$|[\\/]testing[\\/]/.test(file);

const ownerOf = new Map();
for (const file of walk('proto/vouchsafe', /\.proto$/)) {
  const context = path.relative(path.join(root, 'proto/vouchsafe'), file).split(path.sep)[0];
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/^service (\w+)/gm)) ownerOf.set(name, context);
}
// The file is two maps of flow lists and nothing else: no parser is needed.
const [, callsText, hearsText, groupsText] = readFileSync(path.join(root, 'deploy/helm/vouchsafe/files/arrows.yaml'), 'utf8').split(/^(?:calls|hears|groups):$/m);
const mapOf = (text) => Object.fromEntries([...text.matchAll(/^ {2}(\w+): \[([^\]]*)\]$/gm)].map(([, name, list]) => [name, list.split(',').map((each) => each.trim()).filter(Boolean)]));
const [calls, hears, groups] = [callsText, hearsText, groupsText].map(mapOf);
const problems = [];
const compare = (what, service, declared, found) => {
  for (const name of found) if (!declared.includes(name)) problems.push(`${service} ${what} ${name}, which arrows.yaml does not allow`);
  for (const name of declared) if (!found.has(name)) problems.push(`${service} ${what} ${name} by arrows.yaml, but not in its code`);
};
for (const service of Object.keys(calls)) {
  if (service === 'gateway') continue; // calls whatever the contract names
  const called = new Set();
  const heard = new Set();
  const grouped = new Set();
  for (const file of walk(`services/${service}/src`, /\.ts$/).filter(isOwn)) {
    const code = readFileSync(file, 'utf8');
    // Served services are registered by name as well, but only by their owner.
    for (const [, name] of code.matchAll(/\b(\w+Service)\.method\b/g)) if (ownerOf.has(name) && ownerOf.get(name) !== service) called.add(ownerOf.get(name));
    for (const [, name] of code.matchAll(/\bgroup: '([\w.-]+)'/g)) grouped.add(`${name}.events`);
    for (const [, name] of code.matchAll(/serveCommands\(bus, '(\w+)'/g)) grouped.add(`${name}.commands`);
    for (const [, list] of code.matchAll(/contexts: \[([^\]]*)\]/g)) for (const [, name] of list.matchAll(/'(\w+)'/g)) heard.add(name);
    for (const [, list] of code.matchAll(/\.subscribe\('[\w.-]+', \[([^\]]*)\]/g)) for (const [, name] of list.matchAll(/'(\w+)'/g)) heard.add(name);
  }
  compare('calls', service, calls[service], called);
  compare('hears', service, hears[service] ?? [], heard);
  // Who is not scaled by lag names no groups.
  if (groups[service]) compare('consumes as', service, groups[service], grouped);
}
for (const problem of problems) console.log(`  ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
