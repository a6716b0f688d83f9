export { OAUTH_TOKEN_REFRESHER_JOB } from './cron-refresher.js';
export { OAuthHttpFactory } from './oauth-http.factory.js';
export type { OAuthFeature } from './oauth-token.feature.js';
export { type OAuthTokenHealth, OAuthTokenHealthIndicator } from './oauth-token.health.js';
export { OAuthTokenModule, type OAuthTokenModuleAsyncOptions } from './oauth-token.module.js';
export type {
  OAuthTokenModuleOptions,
  OAuthTokenOptionsFactory,
  RefresherOptions,
} from './oauth-token.options.js';
export { OAuthTokenService } from './oauth-token.service.js';
export {
  getOAuthHttpToken,
  getTokenSourceToken,
  InjectOAuthHttp,
  InjectTokenSource,
  OAUTH_TOKEN_CLOCK,
  OAUTH_TOKEN_RANDOM,
} from './oauth-token.tokens.js';
