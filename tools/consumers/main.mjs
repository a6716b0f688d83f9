/** The consumer as an ECMAScript module. */
import 'reflect-metadata';

import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as schedule from '@nestjs/schedule';
import * as engine from '@oauth-token/core';
import * as oauth from '@oauth-token/nestjs';
import * as providers from '@oauth-token/providers';
import * as testing from '@oauth-token/testing';

import { scenario } from './scenario.cjs';

await scenario({ common, core, schedule, engine, oauth, providers, testing });
