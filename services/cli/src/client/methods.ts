import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { CommandFailure, EXIT } from '../speech.js';

/** `OrderService.PlaceOrder` (or just `PlaceOrder`) among `services`; the failure lists what comes close. */
export const findMethod = (services: readonly DescService[], name: string): DescMethod => {
  const [method = '', service] = name.split(/[./]/).filter(Boolean).reverse();
  const all = services.flatMap(({ methods }) => methods);
  const found = all.filter((candidate) => candidate.name.toLowerCase() === method.toLowerCase() && (!service || candidate.parent.name === service));
  if (found.length === 1) return found[0]!;
  const close = (found.length > 1 ? found : all.filter((candidate) => candidate.name.toLowerCase().includes(method.toLowerCase()))).slice(0, 12);
  const names = close.map((candidate) => `${candidate.parent.name}.${candidate.name}`).join(', ');
  throw new CommandFailure(EXIT.usage, `没有这个方法：${name}${names ? `；相近的有 ${names}` : ''}`, `there is no method ${name}${names ? `; close ones: ${names}` : ''}`);
};
