import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import type { RefreshOutcome, TokenStatus } from '@oauth-token/core';
import { OAuthTokenService } from '@oauth-token/nestjs';
import { InputPipe } from '../input/input.pipe.js';
import {
  pageSchema,
  type SubjectInput,
  subjectBodySchema,
  subjectSchema,
} from '../input/key-schemas.js';
import { ApiKeyGuard } from '../security/api-key.guard.js';

/** How tokens stand, never the tokens themselves; and their renewal by hand. */
@Controller('tokens')
@UseGuards(ApiKeyGuard)
export class TokensController {
  constructor(private readonly tokens: OAuthTokenService) {}

  @Get()
  list(
    @Query(new InputPipe(pageSchema)) { cursor }: { cursor?: string },
  ): Promise<{ items: TokenStatus[]; cursor?: string }> {
    return this.tokens.list(cursor);
  }

  @Get(':registrationId')
  status(
    @Param('registrationId') registrationId: string,
    @Query(new InputPipe(subjectSchema)) key: SubjectInput,
  ): Promise<TokenStatus> {
    return this.tokens.status({ registrationId, ...key });
  }

  @Post(':registrationId/refresh')
  @HttpCode(200)
  refresh(
    @Param('registrationId') registrationId: string,
    @Body(new InputPipe(subjectBodySchema)) key: SubjectInput,
  ): Promise<RefreshOutcome> {
    return this.tokens.refresh({ registrationId, ...key });
  }
}
