import assert from 'node:assert/strict';
import test from 'node:test';

import { sendCommand } from './resp.mjs';
import { startCluster, startReplicated, startSentinelSet, startThree } from './index.mjs';

// Side by side: each waits for its servers most of the time.
test('sets of servers', { concurrency: true }, async (context) => {
  await Promise.all([
    context.test('three know nothing of one another', async () => {
      const three = await startThree({ maxmemory: 4_000_000 });
      const [first, second] = three.servers;
      await first.cli('SET', 'a', 1);
      assert.equal(await second.cli('EXISTS', 'a'), 0);
      assert.equal(new Set(three.urls).size, 3);
      await three.stop();
      assert.ok(three.servers.every(({ running }) => !running));
    }),

    context.test('a Cluster has every slot, and sends one on to who has it', async () => {
      const cluster = await startCluster();
      const [first, second] = cluster.nodes;
      // The slots of `a` and `b` are 15495 and 3300.
      assert.equal(await first?.cli('SET', 'b', 1), 'OK');
      await assert.rejects(async () => second?.cli('GET', 'b'), {
        message: `MOVED 3300 127.0.0.1:${first?.port}`,
      });
      assert.deepEqual(
        cluster.addresses.map(({ port }) => port),
        cluster.nodes.map(({ port }) => port),
      );
      await cluster.stop();
    }),

    context.test('a replica misses what is written while its link is cut', async () => {
      const { master, replica, link, synced, stop } = await startReplicated({ requirepass: 'pw' });
      await master.cli('SET', 'a', 1);
      await synced();
      assert.equal(await replica.cli('GET', 'a'), '1');
      await link.cut();
      await master.cli('SET', 'b', 1);
      assert.equal(await replica.cli('GET', 'b'), null);
      await link.restore();
      await synced();
      assert.equal(await replica.cli('GET', 'b'), '1');
      await stop();
    }),

    context.test('Sentinels name another master, in order and after a crash', async () => {
      const set = await startSentinelSet({ requirepass: 'pw' });
      const [first, second] = set.servers;
      assert.equal(await set.master(), first);
      await first?.cli('SET', 'a', 1);
      assert.equal(await set.failover(), second);
      assert.equal(await second?.cli('GET', 'a'), '1');
      assert.equal(await set.failover('crash'), first);
      for (const address of set.addresses) {
        const named = await sendCommand(address, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', set.name]);
        assert.deepEqual(named, ['127.0.0.1', String(first?.port)]);
      }
      await set.stop();
    }),
  ]);
});

test('the declarations say what the modules are', async () => {
  /** @type {typeof import('./index.mjs')} */
  const declared = {
    ...(await import('./cluster.mjs')),
    ...(await import('./find.mjs')),
    ...(await import('./replicated.mjs')),
    ...(await import('./sentinel-set.mjs')),
    ...(await import('./server.mjs')),
    ...(await import('./tcp-proxy.mjs')),
    ...(await import('./three.mjs')),
  };
  for (const [name, value] of Object.entries(await import('./index.mjs'))) {
    assert.equal(value, declared[/** @type {keyof typeof declared} */ (name)], name);
  }
});
