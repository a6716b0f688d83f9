/** The message patterns that the demo answers to. */
export const TCP_PATTERNS = {
  get: 'oauth.token.get',
  status: 'oauth.token.status',
  refresh: 'oauth.token.refresh',
} as const;
