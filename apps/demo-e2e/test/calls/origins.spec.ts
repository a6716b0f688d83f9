import { Desk } from './support/desk.js';
import { API, hostileUrls } from './support/hostile-urls.js';
import { Network } from './support/network.js';
import { type SendCall, type Skin, SKINS } from './support/skins.js';

const TOKEN = 'canary-7f3a';
const KEY = 'canary-key';
const URLS = hostileUrls(10_000);

/** How many calls are under way at once. */
const AT_ONCE = 40;

async function sendAll(
  send: SendCall,
  { name }: Skin,
  enough: () => boolean = () => false,
): Promise<void> {
  // axios alone puts a base before what is relative.
  const call: object = name.startsWith('axios') ? { baseURL: API } : {};
  for (let start = 0; start < URLS.length && !enough(); start += AT_ONCE) {
    const batch = URLS.slice(start, start + AT_ONCE);
    await Promise.allSettled(batch.map((url) => send(url, call)));
  }
}

function deskWith(gate: 'on' | 'off'): Desk {
  const desk = new Desk([API], gate);
  desk.token = TOKEN;
  desk.extra = { 'x-api-key': KEY };
  return desk;
}

describe.each(SKINS)('over $name', (skin) => {
  let network: Network;

  beforeEach(async () => {
    network = new Network([API]);
    await network.start();
  });
  afterEach(() => network.stop());

  it('10,000 URLs take no token to a stranger, to whom every other host and port leads', async () => {
    await sendAll(skin.make(network, deskWith('on')), skin);
    expect(network.stranger.saw(TOKEN) + network.stranger.saw(KEY)).toBe(0);
    // Neither by the back door: what is for the API names it.
    expect(new Set(network.api.calls.map(({ host }) => host))).toEqual(
      new Set(['api.example.com']),
    );
    expect(network.api.saw(TOKEN)).toBeGreaterThan(500);
  }, 60_000);

  it('with the gate off the same URLs do', async () => {
    const { stranger } = network;
    await sendAll(skin.make(network, deskWith('off')), skin, () => stranger.saw(TOKEN) >= 1_000);
    expect(stranger.saw(TOKEN)).toBeGreaterThanOrEqual(1_000);
  }, 60_000);

  describe.each([301, 302, 303, 307, 308])('a redirect with %i', (status) => {
    const targets: [string, string][] = [
      ['another host', 'https://stranger.example/end'],
      ['another port', 'https://api.example.com:8443/end'],
      ['a subdomain', 'https://sub.api.example.com/end'],
      ['plain http', 'http://api.example.com/end'],
      ['plain http on the port of https', 'http://api.example.com:443/end'],
      ['a host without a scheme', '//stranger.example/end'],
      ['a host behind a name', 'https://api.example.com@stranger.example/end'],
    ];

    const follow = async (gate: 'on' | 'off', location: string): Promise<void> => {
      network.api.answer = (_call, response) => {
        response.writeHead(status, { location }).end();
      };
      const send = skin.make(network, deskWith(gate));
      await send(`${API}/start`, { method: 'POST', body: 'text' });
    };

    it.each(targets)('to %s goes bare', async (_name, location) => {
      await follow('on', location);
      expect(network.stranger.calls).toHaveLength(1);
      expect(network.stranger.saw(TOKEN) + network.stranger.saw(KEY)).toBe(0);
      expect(network.stranger.calls[0]).toMatchObject({
        path: '/end',
        method: status < 304 ? 'GET' : 'POST',
      });
      expect(network.api.saw(TOKEN)).toBe(1);
    });

    it.each(targets.slice(0, 3))('to %s does not with the gate off', async (_name, location) => {
      await follow('off', location);
      expect(network.stranger.saw(TOKEN)).toBe(1);
      expect(network.stranger.saw(KEY)).toBe(1);
    });
  });
});
