/**
 * Whose token, and which: everything that changes which token comes back.
 *
 * `scope` and `resource` are left out when they are the registration's own. Two keys are the same when
 * {@link canonicalKey} of both is the same.
 *
 * @public
 */
export interface TokenKey {
  readonly registrationId: string;
  /** Whose token it is; none for the service's own. */
  readonly subject?: string;
  readonly scope?: readonly string[];
  readonly resource?: readonly string[];
}

/**
 * A token key as callers write it: a registration id alone means the service's own token.
 *
 * @public
 */
export type TokenKeyInput = string | TokenKey;

const part = (value: string): string => `${value.length}:${value}`;

const list = (values: readonly string[] | undefined): string =>
  values === undefined ? '-' : part([...new Set(values)].sort().map(part).join(''));

/**
 * The canonical, length-prefixed encoding of all parameters of a key: equal for equal keys, and for no others.
 *
 * The order of scopes and resources does not count (RFC 6749, section 3.3).
 *
 * @public
 */
export function canonicalKey(key: TokenKey): string {
  const subject = key.subject === undefined ? '-' : part(key.subject);
  if (key.scope === undefined && key.resource === undefined) {
    return `${part(key.registrationId)}${subject}--`;
  }
  return `${part(key.registrationId)}${subject}${list(key.scope)}${list(key.resource)}`;
}
