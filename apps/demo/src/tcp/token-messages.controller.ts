import { Controller, UseFilters, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { RefreshOutcome, TokenKey, TokenStatus } from '@oauth-token/core';
import { OAuthTokenService } from '@oauth-token/nestjs';
import { RpcFailureFilter } from '../errors/rpc-failure.filter.js';
import { InputPipe } from '../input/input.pipe.js';
import { type KeyMessage, keyMessageSchema } from '../input/key-schemas.js';
import { ApiKeyGuard } from '../security/api-key.guard.js';
import { TCP_PATTERNS } from './tcp-patterns.js';

const input = new InputPipe(keyMessageSchema);

/** Tokens for other services, by message. */
@Controller()
@UseGuards(ApiKeyGuard)
@UseFilters(RpcFailureFilter)
export class TokenMessagesController {
  constructor(private readonly tokens: OAuthTokenService) {}

  /** The one answer of the demo that holds a token. */
  @MessagePattern(TCP_PATTERNS.get)
  async get(
    @Payload(input) message: KeyMessage,
  ): Promise<{ accessToken: string; expiresAt: number }> {
    const { accessToken, expiresAt } = await this.tokens.getTokenSet(keyOf(message));
    return { accessToken, expiresAt };
  }

  @MessagePattern(TCP_PATTERNS.status)
  status(@Payload(input) message: KeyMessage): Promise<TokenStatus> {
    return this.tokens.status(keyOf(message));
  }

  @MessagePattern(TCP_PATTERNS.refresh)
  refresh(@Payload(input) message: KeyMessage): Promise<RefreshOutcome> {
    return this.tokens.refresh(keyOf(message));
  }
}

const keyOf = ({ registrationId, subject }: KeyMessage): TokenKey =>
  subject === undefined ? { registrationId } : { registrationId, subject };
