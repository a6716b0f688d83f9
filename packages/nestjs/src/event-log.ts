import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import {
  NEVER_EXPIRES,
  type ReauthorizationRequiredEvent,
  type RefreshFailedEvent,
  type TokenEventBase,
  TokenManager,
  type TokensStoredEvent,
} from '@oauth-token/core';

/**
 * Writes what happens to the tokens to the application's log, without secrets: a line per renewal, a warning per failed one, an
 * error when somebody has to log in.
 *
 * @internal
 */
@Injectable()
export class EventLog implements OnModuleInit {
  readonly #logger = new Logger('OAuthToken');

  constructor(private readonly manager: TokenManager) {}

  onModuleInit(): void {
    const { events } = this.manager;
    events.on('acquired', (event) => {
      this.#stored('logged in', event);
    });
    events.on('refreshed', (event) => {
      this.#stored('renewed', event);
    });
    events.on('refreshFailed', (event) => {
      if (event.origin === 'local') this.#logger.warn(failedLine(event));
    });
    events.on('reauthorizationRequired', (event) => {
      if (event.origin === 'local') this.#logger.error(reauthorizationLine(event));
    });
    events.on('staleServed', (event) => {
      const until = clockTime(event.expiresAt, event.at);
      this.#logger.debug(`${who(event)} served unrenewed, valid until ${until}`);
    });
    events.on('retriedAfter401', (event) => {
      this.#logger.debug(`${who(event)} sent again after ${event.status}: ${event.url}`);
    });
    events.on('restored', (event) => {
      const how = event.reason === 'storeEmpty' ? 'was lost' : 'had gone back';
      this.#logger.warn(`${who(event)} ${how} in the token store, and was put back from memory`);
    });
    events.on('orphanFound', (event) => {
      this.#logger.warn(`${who(event)} took over a renewal that ${event.owner} left behind`);
    });
  }

  #stored(what: string, event: TokensStoredEvent): void {
    const line = storedLine(what, event);
    if (event.origin === 'local') this.#logger.log(line);
    else this.#logger.debug(`${line}, by another replica`);
  }
}

/** `2ba renewed (due): next due 14:03:12, valid until 14:03:36`. */
function storedLine(what: string, event: TokensStoredEvent): string {
  const due = clockTime(event.dueAt, event.at);
  const until = clockTime(event.expiresAt, event.at);
  return `${who(event)} ${what} (${event.reason}): next due ${due}, valid until ${until}`;
}

function failedLine(event: RefreshFailedEvent): string {
  const next =
    event.nextTryAt === undefined ? 'when asked' : `at ${clockTime(event.nextTryAt, event.at)}`;
  return `${who(event)} not renewed (${event.reason}): ${event.outcome}, ${event.code}: ${event.message} Next try ${next}; a token that is still valid stays in use.`;
}

function reauthorizationLine(event: ReauthorizationRequiredEvent): string {
  return `${who(event)} has to log in again (${event.code}): ${event.message} No further token requests are made for it. Log in with OAuthTokenService.authenticate(key, grant), or correct the registration's grant.`;
}

const who = ({ registrationId, subject }: TokenEventBase): string =>
  subject === undefined ? registrationId : `${registrationId} (subject ${subject})`;

/** Local time of day, with the date when it is not today's. */
function clockTime(at: number, now: number): string {
  if (at >= NEVER_EXPIRES) return 'never';
  const date = new Date(at);
  const time = date.toTimeString().slice(0, 8);
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${day.map((part) => String(part).padStart(2, '0')).join('-')} ${time}`;
}
