import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import { invariant } from '@vouchsafe/kernel';
import { type Access, access, Audience } from '@vouchsafe/proto/common/v1/options';
import { http } from '@vouchsafe/proto/google/api/annotations';
import type { HttpRule } from '@vouchsafe/proto/google/api/http';

/** One way to reach a method over HTTP: `body` names the field the body goes into, `*` all, empty none. */
export type HttpBinding = { readonly verb: string; readonly template: string; readonly body: string };
/** A method the gateway serves. */
export type Entry = {
  readonly method: DescMethod;
  /** `vouchsafe.order.v1.OrderService/PlaceOrder` */
  readonly name: string;
  readonly access: Access;
  readonly isPublic: boolean;
  /** Empty: any valid credential. */
  readonly permission: string;
  readonly bindings: readonly HttpBinding[];
};

/**
 * The public methods of some services. Internal ones are left out, so that nothing reaches them from here; one that declares
 * neither permission nor audience is a bug of its proto and served by nobody.
 */
export const methodTable = (services: readonly DescService[]): readonly Entry[] => {
  const entries = services.flatMap(({ methods }) => methods).flatMap((method) => {
    const name = `${method.parent.typeName}/${method.name}`;
    invariant(hasOption(method, access), `${name} declares no access option`);
    const declared = getOption(method, access);
    if (declared.audience === Audience.INTERNAL) return [];
    const isPublic = declared.audience === Audience.PUBLIC;
    invariant(isPublic || declared.audience === Audience.PRINCIPALS || declared.permission !== '', `${name} declares neither permission nor audience`);
    return [{ method, name, access: declared, isPublic, permission: declared.permission, bindings: bindingsOf(method) }];
  });
  return entries;
};

const bindingsOf = (method: DescMethod): readonly HttpBinding[] => {
  if (!hasOption(method, http)) return [{ verb: 'POST', template: `/${method.parent.typeName}/${method.name}`, body: '*' }];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].flatMap(bindingOf);
};
const bindingOf = ({ pattern, body }: HttpRule): readonly HttpBinding[] => {
  if (pattern.case === undefined) return [];
  if (pattern.case === 'custom') return [{ verb: pattern.value.kind, template: pattern.value.path, body }];
  return [{ verb: pattern.case.toUpperCase(), template: pattern.value, body }];
};
