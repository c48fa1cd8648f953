import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from 'kafkajs';
import type { Names } from './names.js';
import { asksOf, isLive, type ServiceOnBus, type Topology } from './topology.js';

/** One right of one principal. */
export type Right = {
  readonly principal: string;
  readonly operation: 'READ' | 'WRITE' | 'DESCRIBE';
  readonly resource: 'TOPIC' | 'GROUP';
  readonly name: string;
  readonly pattern: 'LITERAL' | 'PREFIXED';
};
export type PrincipalOf = (service: string) => string;

/** `User:vouchsafe-inventory` and so on: one principal per service. */
export const defaultPrincipal: PrincipalOf = (service) => `User:vouchsafe-${service}`;

/** The least each service needs. Reading and writing imply describing. */
export const planRights = (topology: Topology, names: Names, principalOf: PrincipalOf = defaultPrincipal): readonly Right[] =>
  topology.flatMap((service) => rightsOf(service, topology, names).map((right): Right => ({ ...right, principal: principalOf(service.name) })));

const rightsOf = (service: ServiceOnBus, topology: Topology, names: Names): Omit<Right, 'principal'>[] => {
  const { name, publishes, serves, hears } = service;
  const topic = (operation: 'READ' | 'WRITE', of: string): Omit<Right, 'principal'> => ({ operation, resource: 'TOPIC', name: of, pattern: 'LITERAL' });
  const group = (of: string, pattern: Right['pattern'] = 'LITERAL'): Omit<Right, 'principal'> => ({ operation: 'READ', resource: 'GROUP', name: of, pattern });
  const asked = publishes || serves;
  const askers = topology.filter((other) => asksOf(other).includes(name));
  return [
    topic('READ', names.replies(name)), group(names.replyGroup(name, ''), 'PREFIXED'),
    ...asksOf(service).map((context) => topic('WRITE', names.commands(context))),
    ...(asked ? [topic('READ', names.commands(name)), group(names.commandGroup(name)), ...askers.map((other) => topic('WRITE', names.replies(other.name)))] : []),
    ...(publishes ? [topic('WRITE', names.events(name))] : []),
    ...[...new Set(Object.values(hears).flat())].map((context) => topic('READ', names.events(context))),
    ...Object.keys(hears).map((of) => (isLive([service], of) ? group(names.liveGroup(of, ''), 'PREFIXED') : group(names.eventGroup(of)))),
  ];
};

export type RightsApplied = { readonly added: readonly Right[]; readonly present: number; /** Of our principals, but not planned: more than they need. */ readonly excess: readonly Right[] };

/** Adds what is missing; may be called any number of times. What is there beyond the plan is told, and taken away with `prune`. */
export const applyRights = async (admin: Admin, plan: readonly Right[], { prune = false, dryRun = false } = {}): Promise<RightsApplied> => {
  const actual = (await Promise.all([...new Set(plan.map(({ principal }) => principal))].map((principal) => rightsNow(admin, principal)))).flat();
  const has = (rights: readonly Right[], right: Right): boolean => rights.some((one) => keyOf(one) === keyOf(right));
  const added = plan.filter((right) => !has(actual, right));
  const excess = actual.filter((right) => !has(plan, right));
  if (!dryRun && added.length > 0) await admin.createAcls({ acl: added.map(entryOf) });
  if (!dryRun && prune && excess.length > 0) await admin.deleteAcls({ filters: excess.map(entryOf) });
  return { added, present: plan.length - added.length, excess };
};

const keyOf = ({ principal, operation, resource, name, pattern }: Right): string => [principal, operation, resource, name, pattern].join('|');

const entryOf = ({ principal, operation, resource, name, pattern }: Right): AclEntry => ({
  principal, host: '*', permissionType: AclPermissionTypes.ALLOW, operation: AclOperationTypes[operation],
  resourceType: AclResourceTypes[resource], resourceName: name, resourcePatternType: ResourcePatternTypes[pattern],
});

/** kafkajs has the words by number in its types, but not in its values. Rights of other kinds than ours keep their word: they are excess. */
const wordOf = <Word extends string>(words: Readonly<Record<string, string | number>>, value: number): Word =>
  (Object.entries(words).find(([, of]) => of === value)?.[0] ?? String(value)) as Word;

const rightsNow = async (admin: Admin, principal: string): Promise<readonly Right[]> => {
  const { resources } = await admin.describeAcls({
    principal, host: '*', permissionType: AclPermissionTypes.ALLOW, operation: AclOperationTypes.ANY, resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY,
  });
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) => acls.map((acl): Right => ({
    principal: acl.principal, operation: wordOf(AclOperationTypes, acl.operation), resource: wordOf(AclResourceTypes, resourceType),
    name: resourceName, pattern: wordOf(ResourcePatternTypes, resourcePatternType),
  })));
};
