import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { asBuffer, rawGrpcDefinition } from '@vouchsafe/rpc';

/** Adds gRPC server reflection (v1 and v1alpha) for the services that are served, so that grpcurl needs no files. */
export const addReflection = (server: Server, services: readonly DescService[]): void => {
  const files = new Map<string, DescFile>();
  const collect = (file: DescFile): void => {
    if (files.has(file.name)) return;
    files.set(file.name, file);
    file.dependencies.forEach(collect);
  };
  for (const { file } of services) collect(file);
  const fileDescriptorProtos = [...files.values()].map(({ proto }) => asBuffer(toBinary(FileDescriptorProtoSchema, proto)));
  // The package reads descriptors from anything that has them, and lists the services named.
  const everyFile = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos } as const;
  const definitions = { 'every file': everyFile, ...Object.fromEntries(services.map((service) => [service.typeName, rawGrpcDefinition(service)])) };
  new ReflectionService(definitions, { services: services.map(({ typeName }) => typeName) }).addToServer(server);
};
