// An issuer of our own, beside the demo: it can sign what Lanyard never would, and counts how often its keys are fetched.

import { createServer } from 'node:http';
import { once } from 'node:events';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Starts it; `sign(header, claims)` signs with the key of `header.alg`, `fetched()` tells how often the keys were read. */
export async function startIssuer() {
  const keys = new Map();
  for (const alg of ['ES256', 'RS256']) {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    keys.set(alg, { privateKey, jwk: { ...(await exportJWK(publicKey)), alg, kid: `key-${alg}`, use: 'sig' } });
  }
  let fetched = 0;
  const server = createServer((request, response) => {
    const isKeys = request.url === '/jwks';
    if (isKeys) fetched += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isKeys ? { keys: [...keys.values()].map(({ jwk }) => jwk) } : metadata));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const metadata = { issuer, jwks_uri: `${issuer}/jwks` };
  return {
    issuer,
    fetched: () => fetched,
    sign: (header, claims) => {
      const { privateKey, jwk } = keys.get(header.alg);
      return new SignJWT(claims).setProtectedHeader({ kid: jwk.kid, ...header }).sign(privateKey);
    },
    stop: () => server.close(),
  };
}
