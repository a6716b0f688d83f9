import { providerAdapterContract } from '@oauth-token/testing';
import { PROVIDERS } from './fixtures/provider-fixtures.js';

describe.each(PROVIDERS)('the adapter $adapter.name', ({ adapter, fixtures }) => {
  for (const { name, run } of providerAdapterContract(adapter, fixtures)) it(name, run);
});

describe('the contract of adapters', () => {
  it('covers every adapter', () => {
    expect(PROVIDERS.map(({ adapter }) => adapter.name)).toEqual([
      '2ba',
      'veeam-ahv',
      'veeam-vbr',
      'empowerid',
      'oidc',
    ]);
  });
});
