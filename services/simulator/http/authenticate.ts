import type { IncomingHttpHeaders } from 'node:http';
import { apiError } from '../machine/api-error.ts';
import { workspaceOfKey } from '../machine/owner.ts';
import { type ApiVersion, apiVersions } from '../machine/validate-params.ts';
import { ApiFailure } from './api-failure.ts';

/** The workspace of the key; `x-api-key` wins over `Authorization: Bearer`. @throws ApiFailure 401 */
export function authenticate(headers: IncomingHttpHeaders): string {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'] ?? bearer;
  if (typeof key !== 'string') {
    throw new ApiFailure(apiError('authentication_error', 'x-api-key or Authorization header is required'));
  }
  const workspace = workspaceOfKey(key.trim());
  if (workspace === null) throw new ApiFailure(apiError('authentication_error', 'invalid x-api-key'));
  return workspace;
}

/** @throws ApiFailure 400 for a version that is absent or unknown */
export function requireVersion(headers: IncomingHttpHeaders): ApiVersion {
  const version = headers['anthropic-version'];
  const known = apiVersions.find(candidate => candidate === version);
  if (known) return known;
  const message =
    version === undefined
      ? 'anthropic-version: header is required'
      : `anthropic-version: "${String(version)}" is not a valid version`;
  throw new ApiFailure(apiError('invalid_request_error', message));
}
