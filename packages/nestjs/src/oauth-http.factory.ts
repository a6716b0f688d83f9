import { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import { attachOAuth, type AttachOptions, TokenManager } from '@oauth-token/core';
import type { AxiosStatic, CreateAxiosDefaults } from 'axios';

/**
 * Makes `HttpService`s whose calls carry a registration's bearer, for ids that are known at run time only.
 *
 * @public
 */
@Injectable()
export class OAuthHttpFactory {
  constructor(private readonly manager: TokenManager) {}

  /**
   * A new `HttpService`: bearer attached to the registration's allowed origins, one resend after a refused token.
   *
   * @param axiosDefaults - as for `axios.create`: base URL, timeout, agents
   * @throws {@link RegistrationNotFoundError} at once when a list of registrations does not hold the id
   */
  for(
    registrationId: string,
    axiosDefaults: CreateAxiosDefaults = {},
    options: Pick<AttachOptions, 'onForeignRedirect'> = {},
  ): HttpService {
    const source = this.manager.source(registrationId);
    // The axios that HttpService itself uses: in a CommonJS application there is a second copy, with errors of its own.
    const axios = new HttpService().axiosRef as AxiosStatic;
    const http = new HttpService(axios.create(axiosDefaults));
    attachOAuth(http.axiosRef, source, { ...options, getAdapter: axios.getAdapter });
    return http;
  }
}
