import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { type AttachOptions, TokenManager } from '@oauth-token/core';
import type { CreateAxiosDefaults } from 'axios';
import { OAuthHttpFactory } from './oauth-http.factory.js';
import { getOAuthHttpToken, getTokenSourceToken } from './oauth-token.tokens.js';

/** What a module uses of a registration: its id, or that with settings of this module's own HTTP client. @public */
export type OAuthFeature =
  | string
  | ({
      readonly registrationId: string;
      /** As for `axios.create`: base URL, timeout, agents. */
      readonly axios?: CreateAxiosDefaults;
    } & Pick<AttachOptions, 'onForeignRedirect'>);

/** The clients of one consuming module. @internal */
@Module({})
export class OAuthTokenFeatureModule {}

/** Provides the HTTP client and the token source of each registration. @internal */
export function featureModule(features: readonly OAuthFeature[]): DynamicModule {
  const providers = features.flatMap(providersOf);
  return { module: OAuthTokenFeatureModule, providers, exports: providers };
}

function providersOf(feature: OAuthFeature): Provider[] {
  const { registrationId, axios, ...options } =
    typeof feature === 'string' ? { registrationId: feature, axios: undefined } : feature;
  return [
    {
      provide: getOAuthHttpToken(registrationId),
      inject: [OAuthHttpFactory],
      useFactory: (factory: OAuthHttpFactory) => factory.for(registrationId, axios, options),
    },
    {
      provide: getTokenSourceToken(registrationId),
      inject: [TokenManager],
      useFactory: (manager: TokenManager) => manager.source(registrationId),
    },
  ];
}
