import { eventCodec, oneOf, record, text, type TypeOf } from '@vouchsafe/codec';
import type { Message } from '@vouchsafe/kernel';

const principalChanged = record({
  principalId: text(),
  /** The change, for people; whoever caches answers about the principal drops them at any. */
  change: oneOf('credential_issued', 'credential_revoked', 'roles', 'disabled', 'enabled'),
});
const subjectErased = record({ subject: text() });
export type AccessIntegrationEvent =
  | Message<'PrincipalChanged', TypeOf<typeof principalChanged>>
  | Message<'SubjectErased', TypeOf<typeof subjectErased>>;
/** What others hear from access: a principal may do more or less than before; a person's data is gone. */
export const accessEvents = eventCodec<AccessIntegrationEvent>('access', {
  PrincipalChanged: { version: 1, shape: principalChanged, published: true },
  SubjectErased: { version: 1, shape: subjectErased, published: true },
});
