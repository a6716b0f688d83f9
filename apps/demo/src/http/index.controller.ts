import { Controller, Get } from '@nestjs/common';
import { TCP_PATTERNS } from '../tcp/tcp-patterns.js';

/** What there is. */
const INDEX = {
  service: 'oauth-token demo',
  http: {
    'GET /health': 'how the service and the tokens are; also /health/live and /health/ready',
    'GET /tokens': 'how all tokens stand; ?cursor= for the next page',
    'GET /tokens/:registrationId': 'how one token stands; ?subject= for a user’s',
    'POST /tokens/:registrationId/refresh': 'renews it now; body { subject? }',
    'POST /call':
      'calls an API with the bearer; body { registrationId, subject?, method?, url, headers?, body? }',
  },
  tcp: Object.values(TCP_PATTERNS),
} as const;

/** Lists what the demo answers to. */
@Controller()
export class IndexController {
  @Get()
  index(): typeof INDEX {
    return INDEX;
  }
}
