import { create, type DescMethod, type DescService, fromBinary, type Message, type DescMessage, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** `/vouchsafe.order.v1.OrderService/PlaceOrder` */
export const grpcPath = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

const streams = (method: DescMethod): { requestStream: boolean; responseStream: boolean } => ({
  requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
  responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
});

/** Bytes as a Buffer without copying them. */
export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const typed = (method: DescMethod): MethodDefinition<Message, Message> => ({
  path: grpcPath(method), ...streams(method), originalName: method.localName,
  requestSerialize: (value) => serialize(method.input, value),
  requestDeserialize: (bytes) => fromBinary(method.input, bytes),
  responseSerialize: (value) => serialize(method.output, value),
  responseDeserialize: (bytes) => fromBinary(method.output, bytes),
});
const serialize = (desc: DescMessage, value: MessageInitShape<DescMessage>): Buffer => asBuffer(toBinary(desc, create(desc, value)));

const raw = (method: DescMethod): MethodDefinition<Uint8Array, Uint8Array> => ({
  path: grpcPath(method), ...streams(method), originalName: method.localName,
  requestSerialize: asBuffer, requestDeserialize: (bytes) => bytes, responseSerialize: asBuffer, responseDeserialize: (bytes) => bytes,
});

const definition = <T extends object>(methods: readonly DescMethod[], one: (method: DescMethod) => MethodDefinition<T, T>): ServiceDefinition => {
  const out: Record<string, MethodDefinition<T, T>> = {};
  for (const method of methods) out[method.localName] = one(method);
  return out;
};

/** A grpc-js definition with messages, for clients and typed servers. */
export const grpcDefinition = (service: DescService): ServiceDefinition => definition(service.methods, typed);
/** A grpc-js definition that passes bytes through, for an edge that hands them on; of some methods only, if told. */
export const rawGrpcDefinition = (service: DescService, methods: readonly DescMethod[] = service.methods): ServiceDefinition => definition(methods, raw);
