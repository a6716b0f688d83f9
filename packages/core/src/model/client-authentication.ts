/**
 * How a client proves who it is at the token endpoint.
 *
 * `client_secret_post` and `none` name the client in the body (none: without a secret); `client_secret_basic` sends a Basic header
 * whose parts are form-encoded first.
 *
 * @see [RFC 6749, section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)
 * @public
 */
export type ClientAuthentication = 'client_secret_post' | 'client_secret_basic' | 'none';
