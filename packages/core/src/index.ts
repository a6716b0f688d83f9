export { attachOAuth } from './attach/attach-oauth.js';
export type { AttachOptions, OAuthCallOptions, OAuthCallPolicy } from './attach/attach-options.js';
export { attemptsOf, isRetryable } from './attach/call-mark.js';
export {
  createOAuthFetch,
  type OAuthFetch,
  type OAuthFetchOptions,
  type OAuthRequestInit,
} from './attach/create-oauth-fetch.js';
export {
  type OAuthInterceptor,
  oauthInterceptor,
  type OAuthInterceptorOptions,
} from './attach/oauth-interceptor.js';
export {
  ConfigurationError,
  type ConfigurationProblem,
  isConfigurationError,
} from './errors/errors.js';
export type { ClientAuthentication } from './model/client-authentication.js';
export type { TlsOptions } from './model/client-registration.js';
export {
  type AuthorizationCodeGrant,
  authorizationCodeGrant,
  type ClientCredentialsGrant,
  clientCredentialsGrant,
  type Grant,
  type GrantType,
  type PasswordGrant,
  passwordGrant,
  type RefreshTokenGrant,
  refreshTokenGrant,
} from './model/grant.js';
export { NEVER_EXPIRES, type TokenSet } from './model/token-set.js';
export { defineProvider } from './provider/define-provider.js';
export type {
  ApiResponse,
  ProviderAdapter,
  ProviderEndpoints,
  RefreshTokenReuse,
  TokenHttpRequest,
  TokenHttpResponse,
  TokenRequestContext,
  TokenResponseContext,
} from './provider/provider-adapter.js';
export type {
  AnswerField,
  HeaderValue,
  ProviderAttachDefinition,
  ProviderDefinition,
  ProviderErrorDefinition,
  ProviderExpiryDefinition,
  ProviderRequestDefinition,
  ProviderResponseDefinition,
  ProviderRotationDefinition,
  TokenParameter,
} from './provider/provider-definition.js';
export type {
  FailedAnswer,
  FailureOutcome,
  ReceivedTokens,
  TokenAnswer,
} from './provider/token-answer.js';
export type {
  RefreshOutcome,
  TimingOptions,
  TokenManagerOptions,
} from './access/token-manager-options.js';
export { TokenManager } from './access/token-manager.js';
export type { TokenRequestOptions, TokenSource } from './access/token-source.js';
export type { TokenState, TokenStatus } from './access/token-status.js';
export {
  isOriginNotAllowedError,
  isReauthorizationRequiredError,
  isRegistrationNotFoundError,
  isStoreUnavailableError,
  isTokenEndpointError,
  isTokenUnavailableError,
  OriginNotAllowedError,
  ReauthorizationRequiredError,
  RegistrationNotFoundError,
  StoreUnavailableError,
  TokenEndpointError,
  TokenUnavailableError,
  WaitAbortedError,
} from './errors/errors.js';
export {
  isOAuthTokenError,
  OAuthTokenError,
  type OAuthTokenErrorCode,
} from './errors/oauth-token-error.js';
export {
  type ReauthorizationRequiredEvent,
  type RecordRestoredEvent,
  type RefreshFailedEvent,
  type RetriedAfter401Event,
  type StaleServedEvent,
  type TokenEventBase,
  type TokenEventMap,
  TokenEvents,
  type TokensStoredEvent,
} from './events/token-events.js';
export { defaultJournalDirectory } from './journal/default-journal-directory.js';
export { FileSpillJournal, type FileSpillJournalOptions } from './journal/file-spill-journal.js';
export { NO_JOURNAL } from './journal/no-spill-journal.js';
export { type JournalEntry, type JournalStart, SpillJournal } from './journal/spill-journal.js';
export {
  isSpillJournalError,
  SpillJournalError,
  type SpillJournalErrorReason,
} from './journal/spill-journal-error.js';
export { LocalRefreshLock } from './lock/local-refresh-lock.js';
export { type LockAttempt, RefreshLock } from './lock/refresh-lock.js';
export type {
  AllowedOrigin,
  ClientRegistration,
  RegistrationSource,
  TokenEndpointHttpOptions,
} from './model/client-registration.js';
export { canonicalKey, type TokenKey, type TokenKeyInput } from './model/token-key.js';
export type {
  BeginAnswer,
  BeginCommand,
  CommitAnswer,
  CommitCommand,
  ForgetAnswer,
  ForgetCommand,
  PutAnswer,
  PutCommand,
  RecordBase,
  RestoreAnswer,
  RestoreCommand,
  SettleAnswer,
  SettleCommand,
  SettleOutcome,
  TouchCommand,
} from './record/record-command.js';
export {
  EMPTY_RECORD,
  type RecordState,
  type RecordStatus,
  type RenewalFailure,
  type RenewalIntent,
  type RenewalReason,
  type Sibling,
  type TokenFacts,
} from './record/record-state.js';
export {
  type RecordAnswers,
  type RecordCommands,
  type RecordVerb,
  reduceRecord,
} from './record/reduce-record.js';
export { touchRecord } from './record/put-record.js';
export { current as currentState, type Transition } from './record/transition.js';
export { TokenRefresher, type TokenRefresherOptions } from './refresh/token-refresher.js';
export {
  validateRegistration,
  validateRegistrations,
} from './registrations/validate-registrations.js';
export { Keyring, type KeyringOptions } from './seal/keyring.js';
export { isSealError, SealError, type SealErrorReason } from './seal/seal-error.js';
export { MemoryTokenStore } from './store/memory-token-store.js';
export {
  type RecordBody,
  type SharedEntry,
  type Stored,
  type TokenChange,
  type TokenRecord,
  TokenStore,
} from './store/token-store.js';
export { type Clock, systemClock, type Timer } from './timing/clock.js';
export {
  dueAt,
  type LeasePlan,
  mandatoryAt,
  planLease,
  type TokenLifetime,
} from './timing/timing-policy.js';
export {
  type SendOptions,
  TokenEndpointTransport,
  type TransportResult,
} from './transport/token-endpoint-transport.js';
export { UndiciTokenEndpointTransport } from './transport/undici-token-endpoint-transport.js';
export { BoundedMap } from './util/bounded-map.js';
