import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OAuthTokenModuleOptions } from './oauth-token.options.js';

/** The module's options are injected by this token. @internal */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<OAuthTokenModuleOptions>({ moduleName: 'OAuthToken' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOAuthTokenOptions')
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();
