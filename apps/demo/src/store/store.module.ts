import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DemoStore } from './demo-store.js';

/**
 * The store as a Nest module. Global, and imported before the library's module: Nest shuts modules down in reverse order, so
 * that the store outlives the renewals under way.
 */
@Global()
@Module({})
export class StoreModule {
  static register(store: DemoStore): DynamicModule {
    return {
      module: StoreModule,
      providers: [{ provide: DemoStore, useValue: store }],
      exports: [DemoStore],
    };
  }
}
