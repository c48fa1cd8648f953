import type { Encoded } from '@vouchsafe/codec';
import { accessEvents } from '@vouchsafe/contracts';
import type { RecordedEvent } from '@vouchsafe/event-store';
import type { AccessIntegrationEvent } from '@vouchsafe/contracts';
import type { PrincipalEvent } from '../domain/principal.js';
import { principalStream } from '../application/streams.js';
import { erasureCodec, principalCodec } from './event-codecs.js';

/** What others are told of a stored event; undefined where it is nobody else's business. */
export const toIntegration = ({ stream, type, data }: RecordedEvent): Encoded | undefined => {
  const erased = erasureCodec.decode(type, data);
  if (erased) return accessEvents.encode({ type: 'SubjectErased', subject: erased.subject });
  const event = principalCodec.decode(type, data);
  const change = event && changeOf(event);
  return change && accessEvents.encode({ type: 'PrincipalChanged', principalId: principalStream.idOf(stream), change });
};

type Change = Extract<AccessIntegrationEvent, { type: 'PrincipalChanged' }>['change'];
const changeOf = (event: PrincipalEvent): Change | undefined => {
  switch (event.type) {
    case 'CredentialIssued': return 'credential_issued';
    case 'CredentialRevoked': return 'credential_revoked';
    case 'RoleAssigned':
    case 'RoleRemoved': return 'roles';
    case 'PrincipalDisabled': return 'disabled';
    case 'PrincipalEnabled': return 'enabled';
    case 'PrincipalCreated':
    case 'CredentialUseNoted': return undefined;
  }
};
