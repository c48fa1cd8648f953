import type { DescService } from '@bufbuild/protobuf';
import { invariant } from '@vouchsafe/kernel';
import type { Handlers, Rpc } from '../port.js';

/** Serves the methods a test needs; the others of the service fail as the bug they would be. */
export const serveSome = <S extends DescService>(rpc: Rpc, service: S, some: Partial<Handlers<S>>): void => {
  const given = new Map(Object.entries(some));
  const unexpected = (name: string) => async (): Promise<never> => invariant(false, `${name} is not expected here`) as never;
  const handlers = service.methods.map(({ localName }) => [localName, given.get(localName) ?? unexpected(localName)]);
  rpc.serve(service, Object.fromEntries(handlers) as Handlers<S>);
};
