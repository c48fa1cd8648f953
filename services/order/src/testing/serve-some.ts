import type { DescService } from '@bufbuild/protobuf';
import type { Handlers, Rpc } from '@vouchsafe/rpc';

/** Serves the methods a test needs; the others of the service fail loudly. */
export const serveSome = <S extends DescService>(rpc: Rpc, service: S, some: Partial<Handlers<S>>): void => {
  const given = new Map(Object.entries(some));
  const handlers = service.methods.map(({ localName }) => [localName, given.get(localName) ?? (() => Promise.reject(new Error(`${localName} is not expected here`)))]);
  rpc.serve(service, Object.fromEntries(handlers) as Handlers<S>);
};
