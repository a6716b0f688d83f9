import type { HttpService } from '@nestjs/axios';
import { Inject, Injectable } from '@nestjs/common';
import { OriginNotAllowedError } from '@oauth-token/core';
import { OAuthHttpFactory } from '@oauth-token/nestjs';
import type { AxiosResponse } from 'axios';
import { DEMO_CONFIGURATION, type DemoConfiguration } from '../settings/demo-configuration.js';
import { AttemptCounter } from './attempt-counter.js';
import type { CallRequest } from './call-request.js';

/** What became of a call. */
export interface CallAnswer {
  /** Of the API, whatever it is. */
  readonly status: number;
  /** How often the call was sent: 2 after a refused token was replaced, else 1. */
  readonly attempts: number;
  /** Whether a newer token rode on the resend. */
  readonly refreshed: boolean;
  /** JSON where the API says that it is, else text; `null` when there is none. */
  readonly body: unknown;
}

const TIMEOUT_MS = 30_000;
const MOST_ANSWER_BYTES = 10 * 1024 * 1024;

const JSON_TYPE = /^application\/([\w.-]+\+)?json\b/i;

const AS_IT_IS = [(data: unknown): unknown => data];

/** Makes calls with the bearers of registrations that are known at run time only. */
@Injectable()
export class ApiCalls {
  readonly #clients = new Map<string, HttpService>();

  constructor(
    private readonly factory: OAuthHttpFactory,
    @Inject(DEMO_CONFIGURATION) private readonly configuration: DemoConfiguration,
  ) {}

  /** @throws errors of the library, and those of axios when there was no answer */
  async send(call: CallRequest): Promise<CallAnswer> {
    const { axiosRef } = this.#client(call.registrationId);
    this.#gateOwnCredentials(call);
    const { body, headers } = toWire(call);
    const counter = new AttemptCounter();
    const response = await axiosRef.request<string>({
      url: call.url,
      method: call.method,
      headers,
      data: body,
      ...(call.subject === undefined ? {} : { oauth: { subject: call.subject } }),
      adapter: counter.adapter,
    });
    const { attempts, refreshed } = counter;
    return { status: response.status, attempts, refreshed, body: readBody(response) };
  }

  #client(registrationId: string): HttpService {
    const known = this.#clients.get(registrationId);
    if (known !== undefined) return known;
    const client = this.factory.for(registrationId, {
      timeout: TIMEOUT_MS,
      maxContentLength: MOST_ANSWER_BYTES,
      // The bearer goes to the API and to nobody else.
      proxy: false,
      responseType: 'text',
      transformRequest: AS_IT_IS,
      transformResponse: AS_IT_IS,
      validateStatus: null,
    });
    this.#clients.set(registrationId, client);
    return client;
  }

  /** The library leaves calls with an `Authorization` of their own alone; the demo is no open proxy for them either. */
  #gateOwnCredentials({ registrationId, url, headers }: CallRequest): void {
    if (!hasHeader(headers, 'authorization')) return;
    const { origin } = new URL(url);
    const { allowedOrigins = [] } =
      this.configuration.registrations.find((known) => known.registrationId === registrationId) ??
      {};
    const allowed = allowedOrigins.filter((entry) => typeof entry === 'string');
    if (allowed.some((entry) => new URL(entry).origin === origin)) return;
    throw new OriginNotAllowedError(registrationId, origin, allowed);
  }
}

const hasHeader = (headers: Readonly<Record<string, string>>, name: string): boolean =>
  Object.keys(headers).some((key) => key.toLowerCase() === name);

function toWire({ body, headers }: CallRequest): {
  body: string | undefined;
  headers: Record<string, string>;
} {
  if (body === undefined) return { body, headers };
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const typed = hasHeader(headers, 'content-type') ? headers : { ...headers, 'content-type': type };
  return { body: isText ? body : JSON.stringify(body), headers: typed };
}

function readBody({ data, headers }: AxiosResponse<string>): unknown {
  if (data === '') return null;
  const type: unknown = headers['content-type'];
  if (typeof type !== 'string' || !JSON_TYPE.test(type)) return data;
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}
