import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AccessRefusedError } from '../errors/demo-errors.js';
import { DEMO_CONFIGURATION, type DemoConfiguration } from '../settings/demo-configuration.js';
import { isLoopbackHost } from '../settings/loopback.js';

/**
 * Lets a caller pass who has the API key: in the header `x-api-key`, or as `apiKey` of a message.
 *
 * Without a configured key the demo listens on loopback alone. Then a request must also name a loopback host: a page
 * whose own name was pointed at 127.0.0.1 (DNS rebinding) names itself.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(@Inject(DEMO_CONFIGURATION) private readonly configuration: DemoConfiguration) {}

  canActivate(context: ExecutionContext): boolean {
    const { apiKey } = this.configuration.settings;
    const isHttp = context.getType() === 'http';
    if (apiKey === undefined) {
      if (isHttp) requireLoopbackName(requestOf(context));
      return true;
    }
    const given = isHttp ? requestOf(context).headers['x-api-key'] : keyOfMessage(context);
    if (typeof given === 'string' && isSame(given, apiKey)) return true;
    throw new AccessRefusedError('invalid_api_key');
  }
}

const requestOf = (context: ExecutionContext): IncomingMessage =>
  context.switchToHttp().getRequest<IncomingMessage>();

function requireLoopbackName({ headers }: IncomingMessage): void {
  const url = `http://${headers.host ?? ''}`;
  if (URL.canParse(url) && isLoopbackHost(new URL(url).hostname)) return;
  throw new AccessRefusedError('host_not_allowed');
}

function keyOfMessage(context: ExecutionContext): unknown {
  const message = context.switchToRpc().getData<{ apiKey?: unknown } | null | undefined>();
  return message?.apiKey;
}

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();

/** In a time that tells nothing of where they differ. */
const isSame = (left: string, right: string): boolean =>
  timingSafeEqual(digest(left), digest(right));
