import { hash } from 'node:crypto';
import { headerNames } from './headers.ts';
import { eventCharactersMax } from './limits.ts';

/** What makes a record a CloudEvent in binary mode, as far as it concerns us. */
export interface CloudEvent {
  id: string;
  source: string;
  type: string;
}

const keyCharacters = 22;

/**
 * A record is a CloudEvent 1.x when all four attributes that the specification requires are there. Total: with any of them
 * missing or too long it is none, and its other headers say what they would have said.
 */
export function readCloudEvent(headers: Readonly<Record<string, string>>): CloudEvent | null {
  const { [headerNames.eventId]: id, [headerNames.eventSource]: source, [headerNames.eventType]: type } = headers;
  if (!/^1\.\d{1,3}$/.test(headers[headerNames.eventVersion] ?? '')) return null;
  return isAttribute(id) && isAttribute(source) && isAttribute(type) ? { id, source, type } : null;
}

/**
 * The key an event claims when it brings none: source and id together are unique, and two events that share them are the
 * same one, sent again (CloudEvents 1.0.2, "id"). Hashed, because it stands in the journal.
 */
export const cloudEventKey = ({ source, id }: CloudEvent): string =>
  `cloudevent.${hash('sha256', `${source}\n${id}`, 'base64url').slice(0, keyCharacters)}`;

const isAttribute = (text: string | undefined): text is string =>
  text !== undefined && text !== '' && text.length <= eventCharactersMax;
