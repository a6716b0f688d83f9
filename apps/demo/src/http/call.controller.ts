import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiCalls, type CallAnswer } from '../call/api-calls.js';
import { type CallRequest, callRequestSchema } from '../call/call-request.js';
import { InputPipe } from '../input/input.pipe.js';
import { ApiKeyGuard } from '../security/api-key.guard.js';

/** Calls to APIs with a registration's bearer. */
@Controller('call')
@UseGuards(ApiKeyGuard)
export class CallController {
  constructor(private readonly calls: ApiCalls) {}

  @Post()
  @HttpCode(200)
  call(@Body(new InputPipe(callRequestSchema)) call: CallRequest): Promise<CallAnswer> {
    return this.calls.send(call);
  }
}
